"""What an environment on AKS needs of Azure and Entra."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from doctor.azure_api import AzureApi, Login
from doctor.azure_deployed import GROUP, AzureDeployed, roles_at
from doctor.azure_permissions import actions, missing, unknown
from doctor.azure_quotas import look_at_quotas
from doctor.check import Check, Finding, fail, ok, skipped, warn
from doctor.declared import STACKS, Declared
from doctor.refusals import RefusedError
from stacks.aks.settings import AksSettings

_SUBSCRIPTIONS: Final = "2022-12-01"
#: As Azure's client library sends it.
PROVIDERS: Final = "2025-04-01"


class Azure:
    """The checks of one environment.

    Args:
        settings: The environment.
        declared: What it declares.
    """

    def __init__(self, settings: AksSettings, declared: Declared) -> None:
        self._settings = settings
        self._declared = declared
        self._api = AzureApi(settings.subscription_id)
        self._who: Login | None = None

    def checks(self) -> Iterator[Check]:
        """All of them."""
        check = partial(Check, group=GROUP)
        # Every way to log in is tried in turn.
        yield check(name="azure login", about="Somebody is logged in.", look=self._login, seconds=25)
        yield check(
            name="subscription",
            about="The subscription is there and enabled.",
            look=self._subscription,
            needs=("azure login",),
        )
        yield check(
            name="resource providers",
            about="The resource providers that stacks register are registered, or can be.",
            look=self._providers,
            needs=("subscription", STACKS),
            seconds=20,
        )
        yield check(
            name="permissions",
            about="Whoever is logged in may make what the stacks declare.",
            look=self._permissions,
            needs=("subscription", STACKS),
        )
        yield check(
            name="operators",
            about="The group of operators is there, and whoever is logged in is a member.",
            look=self._operators,
            needs=("azure login",),
        )
        yield check(
            name="quotas",
            about="The machines are to be had, and the most that are declared are within the region's quotas.",
            look=lambda: look_at_quotas(self._api, self._settings, self._declared),
            needs=("subscription", STACKS),
            seconds=40,
        )
        yield from AzureDeployed(self._settings, self._declared, self._api).checks()

    def _login(self) -> Finding:
        self._who = self._api.log_in()
        return ok(str(self._who))

    def _subscription(self) -> Finding:
        id_ = self._settings.subscription_id
        try:
            found = self._api.ask(self._api.subscription, _SUBSCRIPTIONS)
        except RefusedError as error:
            # One that is not there, is in another tenant, or is hidden.
            mend = f"write yours as subscription_id into environments/{self._settings.name}.toml (az account list)"
            return fail(f"{id_}: {error.what}", f"{mend}, or az login --tenant with the tenant that has it")
        state = found.get("state")
        if state not in ("Enabled", "PastDue"):
            return fail(
                f"{found.get('displayName')} is {state}", "https://portal.azure.com/#view/Microsoft_Azure_Billing"
            )
        return ok(f"{found.get('displayName')}, {id_}")

    def _providers(self) -> Finding:
        blocks = [
            block
            for stack in self._declared.estate.values()
            for block in stack.configuration.get("provider", {}).get("azurerm", [])
        ]
        wanted = sorted({each for block in blocks for each in block.get("resource_providers_to_register") or ()})
        states = {
            each: self._api.ask(f"{self._api.subscription}/providers/{each}", PROVIDERS).get("registrationState")
            for each in wanted
        }
        if lacking := [each for each, state in states.items() if state not in ("Registered", "Registering")]:
            id_ = self._settings.subscription_id
            by_hand = "; ".join(f"az provider register --namespace {each} --subscription {id_}" for each in lacking)
            return warn(f"not registered yet: {', '.join(lacking)}", f"nothing, a deploy registers them; or: {by_hand}")
        return ok(", ".join(each.removeprefix("Microsoft.") for each in wanted))

    def _permissions(self) -> Finding:
        wanted = actions(self._declared.types)
        others = unknown(self._declared.types)
        more = f"; nobody knows here what it takes to make {', '.join(others)}" if others else ""
        if lacking := missing(wanted, roles_at(self._api, self._api.subscription)):
            return fail(
                f"missing: {', '.join(lacking)}{more}",
                "be Owner of the subscription, or Contributor and Role Based Access Control Administrator",
            )
        return ok(f"all {len(wanted)} that it takes to make what is declared{more}")

    def _operators(self) -> Finding:
        group = self._settings.operators_group_id
        where = f"environments/{self._settings.name}.toml: operators_group_id"
        try:
            name = self._api.graph(f"groups/{group}?$select=displayName")["displayName"]
            if not self._who or not self._who.object_id:
                return skipped(f"{name}; whose login this is, it does not tell")
            body = {"groupIds": [group]}
            found = self._api.graph(f"directoryObjects/{self._who.object_id}/checkMemberGroups", body)["value"]
        except RefusedError as error:
            if error.status == 404:
                return fail(
                    f"Entra has no group {group}",
                    f"write another one into {where}: az ad group show --group NAME --query id",
                )
            return warn(f"Entra does not tell ({error.status})", f"make sure by hand that you are a member: {where}")
        if group not in found:
            return fail(
                f"whoever is logged in is no member of {name}, and reads neither states nor the cluster",
                f"az ad group member add --group {group} --member-id {self._who.object_id}",
            )
        return ok(f"a member of {name}")
