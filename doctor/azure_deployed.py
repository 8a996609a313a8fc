"""What an environment on AKS has deployed already, and whether it can be reached from here."""

import base64
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from modelyard.azure.names import resource_id

import yaml

from doctor.azure_api import AzureApi
from doctor.azure_permissions import PUSH_AND_PULL, READ_AND_WRITE_BLOBS, Role, missing
from doctor.check import Check, Finding, fail, ok, skipped
from doctor.declared import STACKS, Declared
from doctor.reach import find_login_program, is_signed_in, no_store, not_made, reach
from leftovers import azure_kinds as kinds
from stacks.aks.settings import AksSettings

GROUP: Final = "Azure"
# Of APIs of which no client library is in use here; each is one of azure-mgmt-containerregistry 10.3,
# azure-mgmt-storage 21.2.1 and azure-mgmt-authorization 4.0.
_REGISTRIES: Final = "2023-07-01"
_STORAGE: Final = "2023-05-01"
_PERMISSIONS: Final = "2022-04-01"
_LOGIN_PROGRAM: Final = "install it: https://azure.github.io/kubelogin/install.html"


def roles_at(api: AzureApi, scope: str) -> list[Role]:
    """What whoever is logged in may do there, an entry for each role."""
    return list(api.pages(f"{scope}/providers/Microsoft.Authorization/permissions", _PERMISSIONS))


class AzureDeployed:
    """The checks of one environment.

    Args:
        settings: The environment.
        declared: What it declares.
        api: Azure's APIs.
    """

    def __init__(self, settings: AksSettings, declared: Declared, api: AzureApi) -> None:
        self._settings = settings
        self._declared = declared
        self._api = api

    def checks(self) -> Iterator[Check]:
        """All of them; they need the check `subscription`."""
        check = partial(Check, group=GROUP)
        yield check(
            name="image registry",
            about="The container registry lets whoever is logged in push and pull.",
            look=self._registry,
            needs=("subscription",),
        )
        yield check(
            name="registry login",
            about="Docker or buildah is signed in to the registry.",
            look=self._registry_login,
            needs=("image registry", STACKS),
            seconds=25,
        )
        yield check(
            name="state store",
            about="The container of the states is there, and may be read and written.",
            look=self._state,
            needs=("subscription",),
        )
        yield check(
            name="login program",
            about="The program that Terraform logs in to the cluster with is installed.",
            look=self._login_program,
            needs=(STACKS,),
        )
        yield check(
            name="cluster",
            about="The cluster answers from here.",
            look=self._cluster,
            needs=("subscription", "login program"),
            seconds=25,
        )

    def _id(self, part: str, type_: str, name: str) -> str:
        return resource_id(self._settings.subscription_id, self._settings.stack_id(part), type_, name)

    def _registry(self) -> Finding:
        name = self._settings.registry_name
        id_ = self._id("registry", "Microsoft.ContainerRegistry/registries", name)
        if self._api.find(id_, _REGISTRIES) is None:
            return not_made(self._settings, "registry")
        if lacking := missing(PUSH_AND_PULL, roles_at(self._api, id_)):
            verbs = " or ".join(PUSH_AND_PULL[each] for each in lacking)
            return fail(
                f"whoever is logged in may not {verbs} in {name}",
                f"az role assignment create --role AcrPush --assignee YOU --scope {id_}",
            )
        return ok(f"{name}.azurecr.io: push and pull")

    def _registry_login(self) -> Finding:
        return is_signed_in(self._declared.images, f"az acr login --name {self._settings.registry_name}")

    def _state(self) -> Finding:
        account = self._settings.state_account
        id_ = self._id("state", "Microsoft.Storage/storageAccounts", account)
        container = f"{id_}/blobServices/default/containers/tfstate"
        if self._api.find(container, _STORAGE) is None:
            return no_store(self._settings, account)
        if missing(READ_AND_WRITE_BLOBS, roles_at(self._api, container), on_data=True):
            group = self._settings.operators_group_id
            return fail(
                f"{account}: whoever is logged in may not read and write its blobs",
                f"become a member of the group of operators: az ad group member add --group {group} --member-id YOU",
            )
        return ok(f"{account}: read and written")

    def _login_program(self) -> Finding:
        return find_login_program(self._declared.login, _LOGIN_PROGRAM)

    def _cluster(self) -> Finding:
        settings = self._settings
        id_ = self._id("cluster", kinds.CLUSTER.type, settings.name)
        found = self._api.find(id_, kinds.CLUSTER.api_version)
        if found is None:
            return not_made(settings, "cluster")
        power = (found["properties"].get("powerState") or {}).get("code")
        if power == "Stopped":
            return skipped(f"it is stopped: modelyard resume {settings.name}")
        told = self._api.ask(f"{id_}/listClusterUserCredential", kinds.CLUSTER.api_version, method="POST")
        values = {"kube_config": [_access(told)]}
        return reach(values, self._declared.login, control_plane=settings.cluster.control_plane_ranges)


def _access(told: Mapping[str, Any]) -> dict[str, str]:
    """Address and certificate, out of a kubeconfig that has no secret: the cluster has no local accounts."""
    content = yaml.safe_load(base64.b64decode(told["kubeconfigs"][0]["value"]))
    cluster = content["clusters"][0]["cluster"]
    return {"host": cluster["server"], "cluster_ca_certificate": cluster["certificate-authority-data"]}
