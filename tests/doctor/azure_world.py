"""What Azure says of a subscription beside its resources, as far as the doctor asks: see `AzureSubscription`."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from doctor.azure import PROVIDERS
from doctor.azure_quotas import SKUS, USAGES
from leftovers import azure_kinds as kinds
from stacks.aks.settings import AksSettings
from tests.leftovers.azure_models import check
from tests.leftovers.fake_azure import SUBSCRIPTION, AzureWorld, refusal
from tests.leftovers.http_server import Answer, Request

_ROOT: Final = f"/subscriptions/{SUBSCRIPTION}"
_LOCATION: Final = "westeurope"
_OWNER: Final = {"actions": ["*"], "notActions": []}
PERSON: Final = "11111111-1111-1111-1111-111111111111"
GROUP: Final = "00000000-0000-0000-0000-000000000000"
#: Of a new subscription, by Azure's names.
CORES: Final = {"cores": 10, "standardDSv5Family": 10, "lowPriorityCores": 10}
ADDRESSES: Final = {"PublicIPAddresses": 20, "StandardSkuPublicIpAddresses": 20}


def token(**claims: str) -> str:
    """A token as Entra forms them, signed by nobody."""
    head, payload = (base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in ({}, claims))
    return f"{head}.{payload}.signed-by-nobody"


class AzureSubscription(AzureWorld):
    """One subscription, in which all is well until a test says otherwise.

    Attributes:
        state: Of the subscription; None where nobody may see it.
        unregistered: Resource providers that it has not.
        roles: What whoever is logged in may do, anywhere.
        members: Of the group of operators; None where Entra has no such group.
        restrictions: Of the nodes' machine.
        has_stores: Whether registry and state are there.
        kubeconfig: That of the cluster.
    """

    def empty(self) -> None:
        """Begins anew."""
        super().empty()
        self.token = token(upn="ada@example.com", tid="22222222-2222-2222-2222-222222222222", oid=PERSON)
        self.state: str | None = "Enabled"
        self.unregistered: set[str] = set()
        self.roles: list[dict[str, Any]] = [
            _OWNER,
            {"actions": [], "notActions": [], "dataActions": ["Microsoft.Storage/storageAccounts/blobServices/*"]},
        ]
        self.members: list[str] | None = [PERSON]
        self.restrictions: list[dict[str, Any]] = []
        self.has_stores = True
        self.kubeconfig = ""
        self.usages: dict[str, list[dict[str, Any]]] = {}
        self.set_quotas()

    def set_quotas(self, *, used: int = 0, **limits: int) -> None:
        """What the region has; `used` of each."""
        for namespace, all_ in (("Microsoft.Compute", CORES), ("Microsoft.Network", ADDRESSES)):
            self.usages[namespace] = []
            for name, limit in all_.items():
                named = {"value": name, "localizedValue": name}
                usage = {"currentValue": used, "limit": limits.get(name, limit), "name": named, "unit": "Count"}
                check(f"{namespace}/locations/usages", usage)
                self.usages[namespace].append(usage)

    def route(self, request: Request, path: str, version: str) -> Answer:
        """The answer to a request of somebody who is known."""
        if path.startswith("/v1.0/"):
            return self._entra(request, path)
        if path == _ROOT.lower():
            return self._subscription(version)
        return self._about_region(request, path, version) or self._about_stores(request, path, version)

    def _about_region(self, request: Request, path: str, version: str) -> Answer | None:
        if found := re.fullmatch(f"{_ROOT}/providers/(Microsoft.[A-Za-z]+)", request.path):
            return self._provider(found[1], version)
        if found := re.fullmatch(f"{_ROOT}/providers/(Microsoft.[a-zA-Z]+)/locations/{_LOCATION}/usages", request.path):
            return self._listed(request, self.usages[found[1]], version == USAGES[found[1]])
        if path == f"{_ROOT}/providers/microsoft.compute/skus":
            return self._skus(request, version)
        if path.endswith("/providers/microsoft.authorization/permissions"):
            return self._listed(request, self.roles, version == "2022-04-01")
        return None

    def _listed(self, request: Request, values: list[dict[str, Any]], is_known: bool) -> Answer:
        return self._page(request, values, size=2) if is_known else refusal(400, "NoRegisteredProviderFound", "version")

    def _subscription(self, version: str) -> Answer:
        if self.state is None or version != "2022-12-01":
            return refusal(404, "SubscriptionNotFound", f"The subscription '{SUBSCRIPTION}' could not be found.")
        return Answer(
            {"id": _ROOT, "subscriptionId": SUBSCRIPTION, "displayName": "Machine learning", "state": self.state}
        )

    def _provider(self, namespace: str, version: str) -> Answer:
        if version != PROVIDERS:
            return refusal(400, "InvalidApiVersionParameter", version)
        state = "NotRegistered" if namespace in self.unregistered else "Registered"
        body = {"id": f"{_ROOT}/providers/{namespace}", "namespace": namespace, "registrationState": state}
        check("Microsoft.Resources/providers", body)
        return Answer(body)

    def _skus(self, request: Request, version: str) -> Answer:
        size = {
            "resourceType": "virtualMachines",
            "name": "Standard_D4s_v5",
            "family": "standardDSv5Family",
            "locations": [_LOCATION],
            "capabilities": [{"name": "MemoryGB", "value": "16"}, {"name": "vCPUs", "value": "4"}],
            "restrictions": self.restrictions,
        }
        check("Microsoft.Compute/skus", size)
        assert request.query["$filter"] == f"location eq '{_LOCATION}'"
        # A name may be another kind's too.
        return self._listed(request, [{"resourceType": "disks", "name": "Standard_LRS"}, size], version == SKUS)

    def _entra(self, request: Request, path: str) -> Answer:
        if self.members is None:
            return refusal(404, "Request_ResourceNotFound", "no such group")
        if path == f"/v1.0/groups/{GROUP}":
            return Answer({"displayName": "operators"})
        assert request.body == {"groupIds": [GROUP]}
        return Answer({"value": [GROUP] if path.split("/")[3] in self.members else []})

    def _about_stores(self, request: Request, path: str, version: str) -> Answer:
        if path.endswith("/listclusterusercredential"):
            assert (request.method, version) == ("POST", kinds.CLUSTER.api_version)
            return Answer(
                {"kubeconfigs": [{"name": "u", "value": base64.b64encode(self.kubeconfig.encode()).decode()}]}
            )
        for ending, known in (("/registries/", "2023-07-01"), ("/containers/tfstate", "2023-05-01")):
            if ending in path:
                is_there = self.has_stores and version == known
                return Answer({"id": path}) if is_there else refusal(404, "ResourceNotFound", "not found")
        return super().route(request, path, version)


def plant_cluster(world: AzureSubscription, settings: AksSettings, **properties: Any) -> None:  # noqa: ANN401 - Azure's
    """The environment's cluster, in its group."""
    group = settings.stack_id("cluster")
    world.plant_group(group, tags=settings.labels)
    own: Mapping[str, Any] = {"powerState": {"code": "Running"}, "agentPoolProfiles": [{"name": "default", "count": 1}]}
    world.plant(group, kinds.CLUSTER.type, settings.name, tags=settings.labels, properties={**own, **properties})
