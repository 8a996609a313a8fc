"""Compute Engine and GKE on a port of 127.0.0.1, as far as leftovers go: see `GoogleWorld`.

Every request is checked against the discovery documents of Google's client library, and so is every answer: a request
that they do not know fails, as does an answer that is not of their schemas.
"""

import functools
import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.leftovers.discovery import Call, Discovery
from tests.leftovers.http_server import Answer, Request, serve

PROJECT = "modelyard-dev"
_HOST = "https://www.googleapis.com/compute/v1/"
# What a resource says of others without holding them.
_NO_HOLD = {"selfLink", "users", "instances", "sourceDisk", "instanceGroup", "zone", "region", "machineType", "type"}
# Refused only by the operation: until then nobody has looked.
_REFUSED_LATE = {"networks", "subnetworks"}


@functools.cache
def _document(api: str) -> Discovery:
    return Discovery(api)


class GoogleWorld:
    """What is in some projects.

    Attributes:
        things: The resources, by their paths.
        clusters: Of GKE, as its API gives them.
        requests: The id of the method, and the path, of each request.
        faults: Answers that come instead of the next calls of a method, by its id; `token` is the login.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.empty()

    def empty(self) -> None:
        """Begins anew."""
        self.things: dict[str, dict[str, Any]] = {}
        self.clusters: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str]] = []
        self.faults: dict[str, list[Answer]] = {}
        self._operations: dict[str, dict[str, Any]] = {}
        self._doomed: dict[str, str] = {}

    def plant(self, path: str, **fields: object) -> str:
        """Puts a resource there; gives its path, for others to refer to."""
        *_, collection, name = path.split("/")
        resource = {"name": name, "selfLink": _HOST + path, **fields}
        listed = _document("compute.v1")
        listed.check(_schema(collection), resource)
        self.things[path] = resource
        return path

    def plant_cluster(self, name: str, location: str, *, network: str, project: str = PROJECT) -> None:
        """Puts a cluster there, in whatever project it says."""
        cluster = {"name": name, "location": location, "network": network, "status": "RUNNING"}
        _document("container.v1").check("Cluster", cluster)
        self.clusters.append({**cluster, "selfLink": f"projects/{project}/locations/{location}/clusters/{name}"})

    def answer(self, request: Request) -> Answer:
        """The answer to a request, checked both ways."""
        if request.path == "/token":
            if faults := self.faults.get("token"):
                return faults.pop(0)
            return Answer({"access_token": "of-nobody", "expires_in": 3600, "token_type": "Bearer"})
        api = self.api_of(request)
        call = _document(api).call(request.method, request.path, dict(request.query), request.body)
        self.requests.append((call.id, request.path))
        if request.headers.get("Authorization", request.headers.get("authorization")) != "Bearer of-nobody":
            return refusal(401, "authError", "nobody")
        if faults := self.faults.get(call.id):
            return faults.pop(0)
        answer = self.answer_call(api, call, request)
        if answer.status == 200:
            _document(api).check(call.method["response"]["$ref"], answer.body)
        return answer

    def api_of(self, request: Request) -> str:
        """Whose request it is: the name of a discovery document."""
        return "compute.v1" if request.path.startswith("/compute/") else "container.v1"

    def answer_call(self, api: str, call: Call, request: Request) -> Answer:
        """The answer to a request that the document knows."""
        return self._clusters(call) if api == "container.v1" else self._compute(call, request)

    def finish(self) -> None:
        """Ends all operations that run."""
        for path in list(self._doomed):
            self._end(path)

    def _clusters(self, call: Call) -> Answer:
        parent = call.arguments["parent"].removesuffix("/-")
        return Answer({"clusters": [each for each in self.clusters if each["selfLink"].startswith(f"{parent}/")]})

    def _compute(self, call: Call, request: Request) -> Answer:
        _, collection, verb = call.id.split(".")
        if verb == "wait":
            return self._wait(call.arguments["operation"])
        if verb in ("list", "aggregatedList"):
            self.finish()
            return self._page(call, collection, request.query, is_aggregated=verb == "aggregatedList")
        if verb == "insert":
            return self._insert(call, collection, request.body)
        path = request.path.removeprefix("/compute/v1/")
        if path not in self.things:
            return refusal(404, "notFound", f"The resource '{path}' was not found")
        return self._delete(path) if verb == "delete" else Answer(self._seen(path))

    def _page(self, call: Call, collection: str, query: Mapping[str, str], *, is_aggregated: bool) -> Answer:
        found = []
        for path, resource in self.things.items():
            _, project, *scope, kind, _ = path.split("/")
            if (project, kind) == (call.arguments["project"], collection) and (is_aggregated or scope == ["global"]):
                found.append(("/".join(scope), resource))
        start = int(query.get("pageToken", 0))
        size = int(query.get("maxResults", 3))  # 500 in the cloud; few of them, so that pages are turned
        page: dict[str, Any] = {"nextPageToken": str(start + size)} if start + size < len(found) else {}
        shown = found[start : start + size]
        if not is_aggregated:
            return Answer({"items": [resource for _, resource in shown], **page})
        items: dict[str, Any] = {"regions/nowhere": {"warning": {"code": "NO_RESULTS_ON_PAGE"}}}
        for scope_, resource in shown:
            items.setdefault(scope_, {}).setdefault(collection, []).append(resource)
        return Answer({"items": items, **page})

    def _insert(self, call: Call, collection: str, body: dict[str, Any]) -> Answer:
        path = f"projects/{call.arguments['project']}/global/{collection}/{body['name']}"
        if path in self.things:
            return refusal(409, "alreadyExists", f"The resource '{path}' already exists")
        source = body.get("sourceDisk", "")
        if source not in self.things:
            return refusal(404, "notFound", f"The resource '{source}' was not found")
        self.plant(path, status="CREATING", diskSizeGb=self.things[source]["sizeGb"], **body)
        return Answer(self._begun(path))

    def _seen(self, path: str) -> dict[str, Any]:
        # A snapshot is ready at the second look.
        seen = dict(self.things[path])
        if seen.get("status") == "CREATING":
            self.things[path]["status"] = "READY"
        return seen

    def _delete(self, path: str) -> Answer:
        if path in self._doomed:
            return refusal(400, "resourceNotReady", f"The resource '{path}' is not ready")
        holder = self.holder(path)
        if holder and path.split("/")[-2] not in _REFUSED_LATE:
            return refusal(400, "resourceInUseByAnotherResource", f"'{path}' is already being used by '{holder}'")
        operation = self._begun(path)
        self._doomed[path] = str(operation["name"])
        return Answer(operation)

    def _begun(self, path: str) -> dict[str, Any]:
        _, project, scope, *rest = path.split("/")
        operation = {"name": f"operation-{next(self._numbers)}", "status": "RUNNING", "targetLink": _HOST + path}
        if scope != "global":
            operation[scope[:-1]] = f"{_HOST}projects/{project}/{scope}/{rest[0]}"
        self._operations[operation["name"]] = operation
        return dict(operation)

    def _wait(self, name: str) -> Answer:
        operation = self._operations[name]
        if operation["status"] != "RUNNING":
            return Answer(operation)
        # The first time it takes longer than the server waits.
        told = dict(operation)
        self._end(urlsplit(operation["targetLink"]).path.removeprefix("/compute/v1/"))
        operation["status"] = "DONE"
        return Answer(told)

    def _end(self, path: str) -> None:
        name = self._doomed.pop(path, None)
        if name is None:
            return
        if holder := self.holder(path):
            error = {"code": "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", "message": f"'{path}' is used by '{holder}'"}
            self._operations[name]["error"] = {"errors": [error]}
        else:
            self._vanish(path)
        self._operations[name]["status"] = "DONE"

    def _vanish(self, path: str) -> None:
        gone = self.things.pop(path, {})
        if "baseInstanceName" in gone:
            place = path.partition("/instanceGroupManagers/")[0]
            for each in [
                each for each in self.things if each.startswith(f"{place}/instances/{gone['baseInstanceName']}")
            ]:
                self._vanish(each)
        for disk in gone.get("disks", ()):
            if disk.get("autoDelete"):
                self.things.pop(disk["source"].removeprefix(_HOST), None)

    def holder(self, path: str) -> str | None:
        """What uses a resource; None if nothing does."""
        address = self.things.get(path, {}).get("address")
        for other, resource in self.things.items():
            fields = {key: value for key, value in resource.items() if key not in _NO_HOLD}
            if other != path and (path in _links(fields) or (address and resource.get("IPAddress") == address)):
                return other
        return None


def _schema(collection: str) -> str:
    irregular = {
        "addresses": "Address",
        "targetHttpProxies": "TargetHttpProxy",
        "targetHttpsProxies": "TargetHttpsProxy",
    }
    return irregular.get(collection) or collection[0].upper() + collection[1:-1]


def _links(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value.removeprefix(_HOST)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _links(each)
    elif isinstance(value, list):
        for each in value:
            yield from _links(each)


def refusal(status: int, reason: str, message: str) -> Answer:
    """As Google refuses."""
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    return Answer({"error": error}, status)


@contextmanager
def google(world: GoogleWorld, folder: Path) -> Iterator[dict[str, str]]:
    """The environment variables with which Google's client library, and so the command, meets this world."""
    with serve(world.answer) as port:
        url = f"http://127.0.0.1:{port}"
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        account = {
            "type": "service_account",
            "client_email": "sweeper@example.com",
            "token_uri": f"{url}/token",
            "private_key": key.decode(),
        }
        (folder / "account.json").write_text(json.dumps(account))
        yield {
            "GOOGLE_APPLICATION_CREDENTIALS": str(folder / "account.json"),
            "GOOGLE_COMPUTE_CUSTOM_ENDPOINT": f"{url}/compute/v1/",
            "GOOGLE_CONTAINER_CUSTOM_ENDPOINT": f"{url}/v1/",
            "NO_GCE_CHECK": "true",
        }
