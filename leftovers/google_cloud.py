"""Google Cloud, by Google's own client library."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from modelyard.errors import ConfigurationError

import httplib2
from google.auth.exceptions import GoogleAuthError
from googleapiclient.errors import HttpError

from leftovers.google_client import client, log_in, nobody, told
from leftovers.google_kinds import KINDS, SNAPSHOT, Kind, Thing, path_of
from leftovers.google_ownership import Owner, Ownership, description
from leftovers.google_prices import priced
from leftovers.leftover import Leftover
from leftovers.marks import CLAIM, KEPT, NAMESPACE
from leftovers.sweeping import DeletionError, GoneError, InUseError
from stacks.gke.settings import GkeSettings

# The library's own tries: on 429, 5xx, and the 403s that mean too many requests.
_RETRIES: Final = 5
_CALL_SECONDS: Final = 150  # operations.wait answers within two minutes
_IN_USE: Final = {"resourceInUseByAnotherResource", "resourceNotReady", "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE"}


class GoogleCloud:
    """One environment's project.

    Args:
        settings: The environment.
        compute: The client of Compute Engine.
        container: The client of GKE.
    """

    def __init__(self, settings: GkeSettings, *, compute: Any, container: Any) -> None:  # noqa: ANN401 - built at run time
        self._settings = settings
        self._compute = compute
        # The library writes the methods of a collection anew at each look.
        self._collections: dict[str, Any] = {}
        self._container = container

    @classmethod
    def of(cls, settings: GkeSettings) -> "GoogleCloud":
        """As whoever is logged in. Raises ConfigurationError where nobody is."""
        credentials = log_in()
        compute, container = (client(api, "v1", credentials, seconds=_CALL_SECONDS) for api in ("compute", "container"))
        return cls(settings, compute=compute, container=container)

    def is_living(self) -> bool:
        """Whether GKE has the cluster, in whatever condition."""
        return any(self._is_ours(each) for each in self._clusters())

    def find(self) -> list[Leftover]:
        """All that is provably the environment's, of a living cluster too."""
        owner = self._owner()
        things = [thing for kind in KINDS for thing in self._listed(kind)]
        proofs = Ownership(owner, things).proofs
        ours = [each for each in things if each.path in proofs]
        prices = priced(ours, self._settings.region)
        return [
            Leftover(
                kind=each.kind.name,
                name=each.name,
                location=each.location,
                id=each.path,
                why_ours=proofs[each.path],
                step=each.kind.step,
                monthly=prices[each.path],
                claim=_claim(each),
                is_kept=each.kind == SNAPSHOT and KEPT in (each.resource.get("labels") or {}),
            )
            for each in ours
        ]

    def begin_delete(self, leftover: Leftover) -> Callable[[float], None]:
        """Asks for its deletion; returns what waits for the operation."""
        kind = next(each for each in KINDS if each.name == leftover.kind)
        collection, scope = self._addressed(kind, leftover)
        request = collection.delete(project=self._settings.project_id, **scope, **{kind.parameter: leftover.name})
        operation = _sent(request)
        return lambda seconds: self.wait(operation, seconds)

    def wait(self, operation: Mapping[str, Any], seconds: float) -> None:
        """Waits until an operation is done.

        Raises:
            InUseError: Something uses what should go.
            GoneError: It went otherwise.
            DeletionError: It failed, or took longer than that.
        """
        until = time.monotonic() + seconds
        while operation["status"] != "DONE":
            if time.monotonic() > until:
                raise DeletionError(f"not done after {seconds:.0f} s: {operation['name']}")
            operation = _sent(self._wait_request(operation))
        for error in (operation.get("error") or {}).get("errors") or ():
            raise _error(error.get("code", ""), error.get("message", ""), 0)

    def make(self, collection: str, **arguments: Any) -> Mapping[str, Any]:  # noqa: ANN401 - the API's own
        """Begins to make something; returns the operation."""
        return _sent(self._collection(collection).insert(project=self._settings.project_id, **arguments))

    def get(self, collection: str, **arguments: str) -> Mapping[str, Any] | None:
        """One resource; None if there is none."""
        try:
            return _sent(self._collection(collection).get(project=self._settings.project_id, **arguments))
        except GoneError:
            return None

    def _collection(self, name: str) -> Any:  # noqa: ANN401 - built at run time
        if name not in self._collections:
            self._collections[name] = getattr(self._compute, name)()
        return self._collections[name]

    def _wait_request(self, operation: Mapping[str, Any]) -> Any:  # noqa: ANN401 - built at run time
        arguments = {"project": self._settings.project_id, "operation": operation["name"]}
        if zone := operation.get("zone"):
            return self._collection("zoneOperations").wait(zone=zone.rpartition("/")[2], **arguments)
        if region := operation.get("region"):
            return self._collection("regionOperations").wait(region=region.rpartition("/")[2], **arguments)
        return self._collection("globalOperations").wait(**arguments)

    def _addressed(self, kind: Kind, leftover: Leftover) -> tuple[Any, dict[str, str]]:
        _, _, scope, *rest = leftover.id.split("/")
        # What is in several kinds of places has a collection for each: `addresses` and `globalAddresses`.
        singular = "global" if scope == "global" else scope.removesuffix("s")
        own = f"{singular}{kind.collection[0].upper()}{kind.collection[1:]}"
        collection = self._collection(own if hasattr(self._compute, own) else kind.collection)
        return collection, {} if scope == "global" else {singular: rest[0]}

    def _listed(self, kind: Kind) -> Iterator[Thing]:
        collection = self._collection(kind.collection)
        is_aggregated = hasattr(collection, "aggregatedList")
        request = (collection.aggregatedList if is_aggregated else collection.list)(project=self._settings.project_id)
        following = collection.aggregatedList_next if is_aggregated else collection.list_next
        while request is not None:
            page = _asked(request)
            items = page.get("items") or {}
            scopes = items.values() if is_aggregated else [{kind.collection: items}]
            for scope in scopes:
                for resource in scope.get(kind.collection) or ():
                    yield Thing(kind, path_of(resource["selfLink"]), resource)
            request = following(request, page)

    def _clusters(self) -> list[Mapping[str, Any]]:
        parent = f"projects/{self._settings.project_id}/locations/-"
        page = _asked(self._container.projects().locations().clusters().list(parent=parent))
        if missing := page.get("missingZones"):
            raise ConfigurationError(
                f"Google does not say which clusters there are in {', '.join(missing)}", mend="try again later"
            )
        return list(page.get("clusters") or ())

    def _is_ours(self, cluster: Mapping[str, Any]) -> bool:
        return (cluster["name"], cluster["location"]) == (self._settings.name, self._settings.region)

    def _owner(self) -> Owner:
        settings = self._settings
        others = [each for each in self._clusters() if not self._is_ours(each)]
        networks = {(each.get("networkConfig") or {}).get("network") or each.get("network") for each in others}
        mine = {settings.name, f"projects/{settings.project_id}/global/networks/{settings.name}"}
        return Owner(
            project=settings.project_id,
            region=settings.region,
            name=settings.name,
            labels=settings.labels,
            shares_network=bool(networks & mine),
            shares_name=any(
                each["name"] == settings.name and each["location"].startswith(f"{settings.region}-") for each in others
            ),
        )


def _claim(thing: Thing) -> str:
    said, labels = description(thing.resource), thing.resource.get("labels") or {}
    name = said.get("kubernetes.io/created-for/pvc/name") or labels.get(CLAIM)
    namespace = said.get("kubernetes.io/created-for/pvc/namespace") or labels.get(NAMESPACE)
    return f"{namespace}/{name}" if name else ""


def _asked(request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - built at run time
    """The answer to a question, without which nothing goes on."""
    try:
        return _sent(request)
    except (DeletionError, InUseError, GoneError) as error:
        raise ConfigurationError(
            f"Google does not say what there is: {error}",
            mend="log in as who may view Compute Engine and GKE in the project, as roles/compute.viewer and "
            "roles/container.clusterViewer let",
        ) from error


def _sent(request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - built at run time
    try:
        answer: Mapping[str, Any] = request.execute(num_retries=_RETRIES)
    except HttpError as error:
        reason, message = told(error)
        raise _error(reason, message, error.resp.status) from error
    except GoogleAuthError as error:
        raise nobody(error) from error
    except (OSError, httplib2.HttpLib2Error) as error:
        raise DeletionError(f"Google does not answer: {error}") from error
    return answer


def _error(reason: str, message: str, status: int) -> Exception:
    if reason in _IN_USE:
        return InUseError(message)
    if status == 404 or reason == "RESOURCE_NOT_FOUND":
        return GoneError(message)
    return DeletionError(message or reason)
