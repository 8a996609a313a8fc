"""Azure Resource Manager on a port of 127.0.0.1, as far as leftovers go: see `AzureWorld`.

Every resource is checked by the models of Azure's client libraries, and each is answered only under the version of the
API that its own library sends, as `leftovers.azure_kinds` has it.
"""

import itertools
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import trustme

from leftovers import azure_kinds as kinds
from tests.leftovers.azure_models import check
from tests.leftovers.http_server import Answer, Request, serve

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
_ROOT = f"/subscriptions/{SUBSCRIPTION}"
_VERSIONS = {kind.type.lower(): kind.api_version for kind in (*kinds.LISTED, kinds.CLUSTER)}
_LISTED = {"id", "name", "type", "location", "tags", "sku", "kind", "managedBy", "identity", "plan"}
# What a resource says of others without holding them.
_NO_HOLD = {"creationData", "workspaceResourceId", "destinations"}
_REFUSALS = {
    "microsoft.compute/disks": (409, "OperationNotAllowed"),
    "microsoft.network/loadbalancers": (400, "LoadBalancerInUseByVirtualMachineScaleSet"),
    "microsoft.network/networkinterfaces": (400, "NicInUse"),
    "microsoft.network/networksecuritygroups": (400, "InUseNetworkSecurityGroupCannotBeDeleted"),
    "microsoft.network/publicipaddresses": (400, "PublicIPAddressCannotBeDeleted"),
    "microsoft.network/routetables": (400, "InUseRouteTableCannotBeDeleted"),
    "microsoft.network/virtualnetworks": (400, "InUseSubnetCannotBeDeleted"),
}
_WORKSPACES = kinds.WORKSPACE.type.lower()
_PARAMETERS = {"api-version", "force", "$skiptoken", "$top", "$filter", "$expand", "$select"}


class AzureWorld:
    """What is in the subscription.

    Attributes:
        groups: Resource groups, by their ids in small letters.
        things: The resources, by their ids in small letters.
        bin: Log workspaces that were deleted without force, likewise.
        requests: Method, path and version of each request.
        token: Of whoever is logged in.
        faults: Answers that come instead of the next ones, by method and path in small letters.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.url = ""
        self.token = "of-nobody"  # noqa: S105 - of nobody
        self.empty()

    def empty(self) -> None:
        """Begins anew."""
        self.groups: dict[str, dict[str, Any]] = {}
        self.things: dict[str, dict[str, Any]] = {}
        self.bin: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str, str]] = []
        self.faults: dict[tuple[str, str], list[Answer]] = {}
        self._running: dict[str, int] = {}
        self._doomed: set[str] = set()

    def plant_group(self, name: str, *, tags: Mapping[str, str] | None = None, managed_by: str | None = None) -> str:
        """Puts a resource group there; gives its id."""
        id_ = f"{_ROOT}/resourceGroups/{name}"
        body = {"id": id_, "name": name, "location": "westeurope", "tags": dict(tags or {}), "managedBy": managed_by}
        check("Microsoft.Resources/resourceGroups", body)
        self.groups[id_.lower()] = body
        return id_

    def plant(self, group: str, type_: str, name: str, **fields: object) -> str:
        """Puts a resource there; gives its id, for others to refer to."""
        id_ = f"{_ROOT}/resourceGroups/{group}/providers/{type_}/{name}"
        body = {"id": id_, "name": name, "type": type_, "location": "westeurope", "properties": {}, **fields}
        check(type_, body)
        self.things[id_.lower()] = body
        return id_

    def answer(self, request: Request) -> Answer:
        """The answer to a request."""
        if request.path == "/msi/token":
            token = {"access_token": self.token, "expires_on": str(int(time.time()) + 3600), "token_type": "Bearer"}
            return Answer({**token, "resource": request.query["resource"]})
        headers = {name.lower(): value for name, value in request.headers.items()}
        if headers.get("authorization") != f"Bearer {self.token}":
            return refusal(401, "AuthenticationFailed", "nobody")
        if request.path.startswith("/operations/"):
            return self._operation(request)
        if unknown := request.query.keys() - _PARAMETERS:
            return refusal(400, "InvalidParameter", ", ".join(unknown))
        path, version = request.path.rstrip("/"), request.query.get("api-version", "")
        self.requests.append((request.method, path, version))
        if faults := self.faults.get((request.method, path.lower())):
            return faults.pop(0)
        return self.route(request, path.lower(), version)

    def finish(self) -> None:
        """Ends all deletions that run."""
        for each in list(self._doomed):
            self._end(each)

    def route(self, request: Request, path: str, version: str) -> Answer:  # noqa: PLR0911 - a table
        """The answer to a request of somebody who is known."""
        root = _ROOT.lower()
        if path == f"{root}/resources":
            self.finish()
            return self._page(request, [_listed(each) for each in self.things.values()])
        if path == f"{root}/resourcegroups":
            return self._page(request, list(self.groups.values()))
        if path == f"{root}/providers/microsoft.operationalinsights/deletedworkspaces":
            return Answer({"value": list(self.bin.values())})
        if found := re.fullmatch(f"({root}/resourcegroups/[^/]+)/resources", path):
            self.finish()
            inside = [_listed(each) for id_, each in self.things.items() if id_.startswith(f"{found[1]}/")]
            return self._page(request, inside)
        if found := re.fullmatch(f"{root}/resourcegroups/([^/]+)", path):
            return self._group(request, path)
        if found := re.fullmatch(f"{root}/resourcegroups/[^/]+/providers/([^/]+/[^/]+)/[^/]+", path):
            if version != _VERSIONS.get(found[1]):
                return refusal(400, "NoRegisteredProviderFound", f"no version {version} of {found[1]}")
            return self._resource(request, path, found[1])
        return refusal(400, "InvalidRequest", path)

    def _group(self, request: Request, path: str) -> Answer:
        name = request.path.rstrip("/").rpartition("/")[2]
        if request.method == "PUT":
            self.plant_group(name, tags=request.body.get("tags"))
            return Answer(self.groups[path], 201)
        if path not in self.groups:
            return refusal(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
        return self._begun(path, header="Location")

    def _resource(self, request: Request, path: str, type_: str) -> Answer:  # noqa: PLR0911 - as Azure checks
        if path.partition("/providers/")[0] not in self.groups:
            return refusal(404, "ResourceGroupNotFound", "Resource group could not be found.")
        if request.method == "PUT":
            return self._put(request, type_)
        if request.method == "GET":
            found = self.things.get(path)
            return Answer(found) if found else refusal(404, "ResourceNotFound", f"{path} was not found.")
        if request.query.get("force") == "true":
            self.bin.pop(path, None)
        if path not in self.things:
            return Answer(status=204)
        if path in self._doomed:
            return refusal(409, "AnotherOperationInProgress", "in progress")
        if holder := self.holder(path):
            status, code = _REFUSALS.get(type_, (409, "Conflict"))
            return refusal(status, code, f"{path} is in use by {holder}")
        if type_ == _WORKSPACES and request.query.get("force") != "true":
            self.bin[path] = self.things[path]
        # Rules and endpoints go at once, everything else takes a while.
        if type_.startswith("microsoft.insights/"):
            self._end(path)
            return Answer(status=200)
        return self._begun(path, header="Azure-AsyncOperation" if "compute" in type_ else "Location")

    def _put(self, request: Request, type_: str) -> Answer:
        if type_ != kinds.SNAPSHOT.type.lower():
            return refusal(400, "InvalidRequest", "nobody makes these by hand")
        *_, group, _, _, _, name = request.path.split("/")
        source = request.body["properties"]["creationData"]["sourceResourceId"].lower()
        if source not in self.things:
            return refusal(404, "ResourceNotFound", f"{source} was not found.")
        size = self.things[source]["properties"]["diskSizeGB"]
        made = {"provisioningState": "Succeeded", "diskSizeGB": size, **request.body["properties"]}
        self.plant(group, kinds.SNAPSHOT.type, name, **{**request.body, "properties": made})
        return Answer(self.things[request.path.lower()], 201)

    def _begun(self, path: str, *, header: str) -> Answer:
        number = str(next(self._numbers))
        self._running[number] = 1
        self._doomed.add(path)
        url = f"{self.url}/operations/{header}/{number}{path}"
        return Answer(status=202, headers={header: url, "retry-after-ms": "1"})

    def _operation(self, request: Request) -> Answer:
        _, _, header, number, rest = request.path.split("/", 4)
        if self._running[number]:
            self._running[number] -= 1
            body = {"status": "InProgress"} if header == "Azure-AsyncOperation" else None
            return Answer(body, 200 if body else 202, headers={"retry-after-ms": "1"})
        self._end(f"/{rest}".lower())
        return Answer({"status": "Succeeded"}) if header == "Azure-AsyncOperation" else Answer(status=204)

    def _end(self, path: str) -> None:
        self._doomed.discard(path)
        self.things.pop(path, None)
        if self.groups.pop(path, None):
            for each in [each for each in self.things if each.startswith(f"{path}/")]:
                gone = self.things.pop(each)
                if gone["type"].lower() == _WORKSPACES:
                    self.bin[each] = gone

    def holder(self, path: str) -> str | None:
        """What uses a resource; None if nothing does."""
        for other, body in self.things.items():
            links = [f"{link}/" for link in _links(body["properties"])]
            if other != path and any(link.startswith(f"{path}/") for link in links):
                return other
        return None

    def _page(self, request: Request, found: list[dict[str, Any]], size: int = 4) -> Answer:
        start = int(request.query.get("$skiptoken", 0))
        following = {}
        if start + size < len(found):
            version = request.query["api-version"]
            following = {"nextLink": f"{self.url}{request.path}?api-version={version}&$skiptoken={start + size}"}
        return Answer({"value": found[start : start + size], **following})


def _listed(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key in _LISTED}


def _links(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value.lower()
    elif isinstance(value, dict):
        for key, each in value.items():
            if key not in _NO_HOLD:
                yield from _links(each)
    elif isinstance(value, list):
        for each in value:
            yield from _links(each)


def refusal(status: int, code: str, message: str) -> Answer:
    """As Azure refuses."""
    return Answer({"error": {"code": code, "message": message}}, status)


@contextmanager
def azure(world: AzureWorld, folder: Path) -> Iterator[dict[str, str]]:
    """The environment variables with which Azure's client libraries, and so the command, meet this world."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with serve(world.answer, tls=tls) as port:
        world.url = f"https://127.0.0.1:{port}"
        yield {
            "ARM_ENDPOINT": world.url,
            "REQUESTS_CA_BUNDLE": str(folder / "authority.pem"),
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
            "IDENTITY_ENDPOINT": f"{world.url}/msi/token",
            "IDENTITY_HEADER": "of-nobody",
        }
