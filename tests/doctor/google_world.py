"""Google's other APIs beside Compute Engine and GKE, as far as the doctor asks them: see `GoogleProject`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from stacks.gke.settings import GkeSettings
from tests.leftovers.discovery import Call
from tests.leftovers.fake_google import PROJECT, GoogleWorld, google, refusal
from tests.leftovers.http_server import Answer, Request

_REGION: Final = "us-central1"
#: What Google gives a new project in a large region, but for preemptible cores.
QUOTAS: Final = {
    "CPUS": 24,
    "PREEMPTIBLE_CPUS": 24,
    "DISKS_TOTAL_GB": 4096,
    "SSD_TOTAL_GB": 500,
    "IN_USE_ADDRESSES": 20,
}
_PREFIXES: Final = {
    "/v3/projects/": "cloudresourcemanager.v3",
    "/storage/": "storage.v1",
    "/oauth2/": "oauth2.v2",
}
_ENDINGS: Final = {"/billingInfo": "cloudbilling.v1", "/services:batchGet": "serviceusage.v1"}
_VARIABLES: Final = {
    "ARTIFACT_REGISTRY": "v1/",
    "CLOUD_BILLING": "v1/",
    "OAUTH2": "",
    "RESOURCE_MANAGER_V3": "v3/",
    "SERVICE_USAGE": "v1/",
    "STORAGE": "storage/v1/",
}


class GoogleProject(GoogleWorld):
    """One project, in which all is well until a test says otherwise.

    Attributes:
        state: Of the project; None where nobody may see it.
        is_paid: Whether a billing account pays.
        enabled: The APIs that are enabled; None for all.
        withheld: Permissions that whoever is logged in has not, wherever.
        has_stores: Whether bucket and registry are there.
    """

    def empty(self) -> None:
        """Begins anew."""
        super().empty()
        self.state: str | None = "ACTIVE"
        self.is_paid = True
        self.enabled: set[str] | None = None
        self.withheld: set[str] = set()
        self.has_stores = True
        self.set_quotas()
        self.plant(f"projects/{PROJECT}/zones/{_REGION}-b/machineTypes/n1-standard-1", guestCpus=1)
        self.plant(f"projects/{PROJECT}/zones/{_REGION}-b/machineTypes/n2-standard-4", guestCpus=4)

    def set_quotas(self, *, everywhere: int = 32, used: int = 0, **limits: int) -> None:
        """What the region and the project have; `used` of each."""

        def told(quotas: dict[str, int]) -> list[dict[str, Any]]:
            return [{"metric": name, "limit": float(limit), "usage": float(used)} for name, limit in quotas.items()]

        self.plant(f"projects/{PROJECT}/regions/{_REGION}", quotas=told({**QUOTAS, **limits}))
        self._everywhere = told({"CPUS_ALL_REGIONS": everywhere})

    def api_of(self, request: Request) -> str:
        """Whose request it is: the name of a discovery document."""
        for prefix, api in _PREFIXES.items():
            if request.path.startswith(prefix):
                return api
        for ending, api in _ENDINGS.items():
            if request.path.endswith(ending):
                return api
        return "artifactregistry.v1" if "/repositories/" in request.path else super().api_of(request)

    def answer_call(self, api: str, call: Call, request: Request) -> Answer:
        """The answer to a request that the document knows."""
        if self.enabled is not None and f"{api.partition('.')[0]}.googleapis.com" not in self.enabled:
            detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}
            return Answer({"error": {"code": 403, "message": "has not been used before", "details": [detail]}}, 403)
        answers: dict[str, Callable[[], Answer]] = {
            "artifactregistry.projects.locations.repositories.get": lambda: self._in_stores({"format": "DOCKER"}),
            "artifactregistry.projects.locations.repositories.testIamPermissions": lambda: self._granted(request),
            "cloudbilling.projects.getBillingInfo": self._billing,
            "cloudresourcemanager.projects.get": self._project,
            "cloudresourcemanager.projects.testIamPermissions": lambda: self._granted(request),
            "compute.projects.get": lambda: Answer({"name": PROJECT, "quotas": self._everywhere}),
            "container.projects.locations.clusters.get": lambda: self._cluster(call.arguments["name"]),
            "oauth2.userinfo.get": lambda: Answer({"email": "ada@example.com"}),
            "serviceusage.services.batchGet": lambda: self._services(request),
            "storage.buckets.testIamPermissions": lambda: self._in_stores(self._granted(request).body),
        }
        return answers[call.id]() if call.id in answers else super().answer_call(api, call, request)

    def _in_stores(self, body: dict[str, Any]) -> Answer:
        return Answer(body) if self.has_stores else refusal(404, "notFound", "not found")

    def _billing(self) -> Answer:
        return Answer({"billingEnabled": self.is_paid, "billingAccountName": "billingAccounts/0"})

    def _services(self, request: Request) -> Answer:
        return Answer({"services": [self._service(value) for key, value in request.pairs if key == "names"]})

    def _granted(self, request: Request) -> Answer:
        named = [value for key, value in request.pairs if key == "permissions"]
        wanted: list[str] = request.body["permissions"] if request.body else named
        # Nothing is left out as an empty list: the key goes.
        granted = [each for each in wanted if each not in self.withheld]
        return Answer({"permissions": granted} if granted else {})

    def _project(self) -> Answer:
        if self.state is None:
            return refusal(403, "forbidden", "The caller does not have permission")
        return Answer({"name": "projects/123456789012", "projectId": PROJECT, "state": self.state})

    def _service(self, name: str) -> dict[str, Any]:
        is_enabled = self.enabled is None or name.rpartition("/")[2] in self.enabled
        return {"name": name.replace(PROJECT, "123456789012"), "state": "ENABLED" if is_enabled else "DISABLED"}

    def _cluster(self, path: str) -> Answer:
        found = next((each for each in self.clusters if each["selfLink"] == path), None)
        return Answer(found) if found else refusal(404, "notFound", f"Not found: {path}")


@contextmanager
def project(world: GoogleProject, folder: Path) -> Iterator[dict[str, str]]:
    """The environment variables with which Google's client library meets this project."""
    with google(world, folder) as variables:
        url = variables["GOOGLE_CONTAINER_CUSTOM_ENDPOINT"].removesuffix("v1/")
        yield variables | {f"GOOGLE_{name}_CUSTOM_ENDPOINT": url + path for name, path in _VARIABLES.items()}


def plant_cluster(world: GoogleProject, settings: GkeSettings, **fields: Any) -> None:  # noqa: ANN401 - the API's own
    """The environment's cluster."""
    world.plant_cluster(settings.name, settings.region, network=settings.name)
    world.clusters[-1].update(fields)
