"""Azure, by Azure's own client libraries.

All resources of a subscription come in one listing, and each is read and deleted by its id: one client library does it
for all kinds. Only what is in the bin of Log Analytics has another.

The variable ARM_ENDPOINT says where Azure Resource Manager is for those who reach it otherwise than everybody.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from modelyard.errors import ConfigurationError

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.core.polling import LROPoller
from azure.identity import DefaultAzureCredential
from azure.mgmt.loganalytics import LogAnalyticsManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from leftovers import azure_kinds as kinds
from leftovers.azure_kinds import Kind
from leftovers.azure_ownership import Group, Ownership
from leftovers.azure_prices import READ, priced
from leftovers.leftover import Leftover
from leftovers.marks import CLAIM, KEPT, NAMESPACE
from leftovers.sweeping import DeletionError, GoneError, InUseError
from stacks.aks.settings import AksSettings

_T = TypeVar("_T")

_PUBLIC: Final = "https://management.azure.com"
# Azure says it in many words: https://learn.microsoft.com/azure/networking/troubleshoot-failed-state
_IN_USE: Final = re.compile("InUse|CannotBeDeleted|NicReserved|OldReferences|Conflict|OperationNotAllowed|IsAttached")
_LOCKED: Final = "ScopeLocked"


class AzureCloud:
    """One environment's subscription.

    Args:
        settings: The environment.
        resources: The client of Azure Resource Manager.
        logs: The client of Log Analytics.
    """

    def __init__(
        self, settings: AksSettings, *, resources: ResourceManagementClient, logs: LogAnalyticsManagementClient
    ) -> None:
        self._settings = settings
        self.resources = resources
        self._logs = logs

    @classmethod
    def of(cls, settings: AksSettings) -> "AzureCloud":
        """As whoever is logged in; nobody is asked before the first question."""
        endpoint = os.environ.get("ARM_ENDPOINT", _PUBLIC).rstrip("/")
        credential = DefaultAzureCredential()
        arguments: dict[str, Any] = {"base_url": endpoint, "credential_scopes": [f"{_PUBLIC}/.default"]}
        return cls(
            settings,
            resources=ResourceManagementClient(credential, settings.subscription_id, **arguments),
            logs=LogAnalyticsManagementClient(credential, settings.subscription_id, **arguments),
        )

    def is_living(self) -> bool:
        """Whether AKS has the cluster, in whatever condition."""
        return _asked(lambda: self._read(self._cluster_id, kinds.CLUSTER)) is not None

    def find(self) -> list[Leftover]:
        """All that is provably the environment's, of a living cluster too."""
        ownership = self._ownership()
        return _asked(lambda: [*self._resources(ownership), *self._bin(ownership), *self._groups(ownership)])

    def begin_delete(self, leftover: Leftover) -> Callable[[float], None]:
        """Asks for its deletion; returns what waits for the operation."""
        kind = next(each for each in _ALL if each.name == leftover.kind)
        if kind in (kinds.NODE_GROUP, kinds.CLUSTER_GROUP):
            self._check_is_empty(leftover)
        poller = _tried(lambda: self._deletion(leftover, kind))

        def wait(seconds: float) -> None:
            _wait(poller, seconds)
            if kind == kinds.DELETED_WORKSPACE and self._is_in_bin(leftover):
                raise DeletionError("it is in the bin of Log Analytics still, which empties itself after 14 days")

        return wait

    def snapshot(
        self, group: str, disk_id: str, name: str, *, tags: Mapping[str, str], seconds: float
    ) -> Mapping[str, Any]:
        """The snapshot of a disk, made if there is none of this name, with the group that it is kept in."""
        place = f"/subscriptions/{self._settings.subscription_id}/resourceGroups/{group}"
        id_ = f"{place}/providers/{kinds.SNAPSHOT.type}/{name}"
        found = _tried(lambda: self._read(id_, kinds.SNAPSHOT))
        if found and found["properties"].get("provisioningState") == "Succeeded":
            return found
        location = self._settings.location
        body = {
            "location": location,
            "tags": dict(tags),
            "sku": {"name": "Standard_LRS"},
            # Billed is what it holds, and not the size of the disk.
            "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": disk_id}, "incremental": True},
        }
        resources, version = self.resources.resources, kinds.SNAPSHOT.api_version
        self._make_group(group, location, tags)
        poller = _tried(lambda: resources.begin_create_or_update_by_id(id_, body, api_version=version))
        _wait(poller, seconds)
        made = _tried(lambda: self._read(id_, kinds.SNAPSHOT))
        if made is None:
            raise GoneError("it has gone again")
        return made

    def _make_group(self, name: str, location: str, tags: Mapping[str, str]) -> None:
        own = {key: value for key, value in tags.items() if key in (*self._settings.labels, KEPT)}
        _tried(lambda: self.resources.resource_groups.create_or_update(name, {"location": location, "tags": own}))

    def _deletion(self, leftover: Leftover, kind: Kind) -> LROPoller[None]:
        if kind in (kinds.WORKSPACE, kinds.DELETED_WORKSPACE):
            group = leftover.id.split("/")[4]
            return self._logs.workspaces.begin_delete(group, leftover.name, force=True)
        if kind in (kinds.NODE_GROUP, kinds.CLUSTER_GROUP):
            return self.resources.resource_groups.begin_delete(leftover.name)
        return self.resources.resources.begin_delete_by_id(leftover.id, api_version=kind.api_version)

    def _check_is_empty(self, group: Leftover) -> None:
        # With a group goes whatever is in it, also what is not ours.
        inside = _tried(lambda: [str(each.id) for each in self.resources.resources.list_by_resource_group(group.name)])
        if inside:
            names = ", ".join(each.partition("/providers/")[2] for each in inside)
            raise InUseError(f"something else is in it: {names}")

    @property
    def _cluster_id(self) -> str:
        settings = self._settings
        group = f"/subscriptions/{settings.subscription_id}/resourceGroups/{settings.stack_id('cluster')}"
        return f"{group}/providers/{kinds.CLUSTER.type}/{settings.name}"

    def _ownership(self) -> Ownership:
        groups = _asked(lambda: list(self.resources.resource_groups.list()))
        return Ownership(
            environment=self._settings.name,
            tags=self._settings.labels,
            cluster_id=self._cluster_id,
            groups=[
                Group(str(each.id), str(each.name), each.location, each.managed_by, dict(each.tags or {}))
                for each in groups
            ],
        )

    def _resources(self, ownership: Ownership) -> Iterator[Leftover]:
        for each in self.resources.resources.list():
            id_, tags = str(each.id), dict(each.tags or {})
            kind = _BY_TYPE.get(str(each.type).lower())
            why = ownership.why(id_, str(each.type), tags) if kind else None
            if kind is None or why is None:
                continue
            body = self._read(id_, kind) if kind in READ else each.as_dict()
            if body is not None:  # else it has gone since it was listed
                location = str(each.location)
                yield Leftover(
                    kind=kind.name,
                    name=str(each.name),
                    location=location,
                    id=id_,
                    why_ours=why,
                    step=kind.step,
                    monthly=priced(kind, body, location),
                    claim=_claim(tags),
                    is_kept=kind == kinds.SNAPSHOT and KEPT in tags,
                )

    def _bin(self, ownership: Ownership) -> Iterator[Leftover]:
        for each in self._logs.deleted_workspaces.list():
            if ownership.is_deleted_workspace(str(each.id), dict(each.tags or {})):
                yield Leftover(
                    kind=kinds.DELETED_WORKSPACE.name,
                    name=str(each.name),
                    location=each.location,
                    id=str(each.id),
                    why_ours="was in the cluster's resource group; its name is taken for 14 days",
                    step=kinds.DELETED_WORKSPACE.step,
                )

    def _is_in_bin(self, leftover: Leftover) -> bool:
        return any(str(each.id).lower() == leftover.id.lower() for each in self._logs.deleted_workspaces.list())

    def _groups(self, ownership: Ownership) -> Iterator[Leftover]:
        for kind, groups, why in (
            (kinds.NODE_GROUP, ownership.node_groups, f"managed by the cluster {self._settings.name}"),
            (kinds.CLUSTER_GROUP, ownership.cluster_groups, ownership.tags_in_words),
        ):
            for each in groups:
                yield Leftover(
                    kind=kind.name, name=each.name, location=each.location, id=each.id, why_ours=why, step=kind.step
                )

    def _read(self, id_: str, kind: Kind) -> Mapping[str, Any] | None:
        try:
            return self.resources.resources.get_by_id(id_, api_version=kind.api_version).as_dict()
        except HttpResponseError as error:
            if error.status_code == 404:
                return None
            raise


_ALL: Final[tuple[Kind, ...]] = (*kinds.LISTED, kinds.DELETED_WORKSPACE, kinds.NODE_GROUP, kinds.CLUSTER_GROUP)
_BY_TYPE: Final[Mapping[str, Kind]] = {each.type.lower(): each for each in kinds.LISTED}


def _claim(tags: Mapping[str, str]) -> str:
    name = tags.get("kubernetes.io-created-for-pvc-name") or tags.get(CLAIM)
    namespace = tags.get("kubernetes.io-created-for-pvc-namespace") or tags.get(NAMESPACE)
    return f"{namespace}/{name}" if name else ""


def _wait(poller: LROPoller[Any], seconds: float) -> None:
    def done() -> bool:
        poller.wait(seconds)
        return poller.done()

    if not _tried(done):
        raise DeletionError(f"not done after {seconds:.0f} s")
    _tried(poller.result)


def _asked(question: Callable[[], _T]) -> _T:
    """The answer to a question, without which nothing goes on."""
    try:
        return _tried(question)
    except (DeletionError, InUseError, GoneError) as error:
        raise ConfigurationError(
            f"Azure does not say what there is: {error}",
            mend="log in as who may read the subscription, as the role Reader lets",
        ) from error


def _tried(call: Callable[[], _T]) -> _T:
    try:
        return call()
    except ClientAuthenticationError as error:
        raise ConfigurationError(
            f"nobody is logged in to Azure: {error.message.strip().splitlines()[0]}",
            mend="az login; in a workflow, azure/login",
        ) from error
    except HttpResponseError as error:
        raise _error(error) from error
    except AzureError as error:
        raise DeletionError(f"Azure does not answer: {error}") from error


def _error(error: HttpResponseError) -> Exception:
    code = str(error.error.code) if error.error and error.error.code else ""
    message = (error.error.message if error.error else None) or error.message
    if error.status_code == 404:
        return GoneError(message)
    if code != _LOCKED and (error.status_code == 409 or _IN_USE.search(code)):
        return InUseError(message)
    return DeletionError(message)
