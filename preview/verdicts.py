"""What is dangerous about a change, in one sentence each.

Nothing here asks a cloud. What a resource holds, and what reaches it, is read off its type and values; sources are the
providers' documentation of these arguments at the versions that requirements.txt pins.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from estate.stacks import Configuration
from preview.changes import Action, Change
from preview.exposure import openings
from preview.safeguards import GUARDS, lifted
from preview.values import first_block


class Danger(StrEnum):
    """Kinds of danger, the worst first."""

    DATA_LOSS = "data loss"
    DESTROY = "destroy"
    REPLACE = "replace"
    EXPOSURE = "public exposure"
    UNPROTECTED = "protection lifted"
    INTERRUPTION = "interruption"
    LEFT_BEHIND = "left behind"
    STATE_MOVED = "state moved"
    REFUSED = "refused"


@dataclass(frozen=True)
class Finding:
    """One danger of one change.

    Attributes:
        danger: Its kind.
        stack: The stack's id.
        address: Of the resource; empty for what is about the whole stack.
        says: One sentence without a full stop.
    """

    danger: Danger
    stack: str
    address: str
    says: str


# What is gone for good when the resource goes.
HOLDS: Final[Mapping[str, str]] = {
    "google_storage_bucket": "its objects, older versions of them too",
    "google_artifact_registry_repository": "its images",
    "google_container_cluster": "everything that runs on it, and volumes whose class deletes them",
    "google_compute_disk": "its data",
    "google_sql_database_instance": "its databases",
    "google_kms_crypto_key": "what is encrypted with it",
    "azurerm_storage_account": "its containers and blobs",
    "azurerm_storage_container": "its blobs, older versions of them too",
    "azurerm_container_registry": "its images",
    "azurerm_kubernetes_cluster": "everything that runs on it, and volumes whose class deletes them",
    "azurerm_managed_disk": "its data",
    "azurerm_log_analytics_workspace": "its logs",
    "azurerm_resource_group": "everything in it",
    "kubernetes_namespace_v1": "everything in it, volumes too",
    "kubernetes_persistent_volume_claim_v1": "its volume's data, unless the storage class retains it",
    "kubernetes_persistent_volume_v1": "its data, unless it is retained",
    "kubernetes_stateful_set_v1": "its pods; claims of its templates stay",
    "kubernetes_secret_v1": "the values that only it has",
}
_LOSES_DATA: Final = HOLDS.keys() - {"kubernetes_stateful_set_v1"}
CLUSTERS: Final = ("google_container_cluster", "azurerm_kubernetes_cluster")
_WORKLOADS: Final = ("kubernetes_deployment_v1", "kubernetes_stateful_set_v1", "kubernetes_daemon_set_v1")
# Arguments of a node pool that are changed in place, by making every node anew.
_NODE_ARGUMENTS: Final = {
    "google_container_node_pool": ("node_config[0].machine_type", "node_config[0].disk_", "node_config[0].image_type"),
    "azurerm_kubernetes_cluster": ("default_node_pool[0].vm_size", "default_node_pool[0].os_disk"),
}


def findings(change: Change, head: Configuration, gone: Collection[str] = ()) -> list[Finding]:
    """What is dangerous about one change.

    Args:
        change: Of a resource.
        head: The resource's block in the head's configuration; empty for none.
        gone: Names of workloads that the same plan destroys: what guarded them may go, too.
    """
    rules: Sequence[Callable[[Change, Configuration], Iterator[tuple[Danger, str]]]] = (
        _gone,
        _refused,
        _exposed,
        _unprotected,
        _interrupted,
        _forgotten,
    )
    if change.action is Action.DELETE and change.type in GUARDS and object_name(change) in gone:
        rules = (_gone,)
    return [
        Finding(danger, change.stack, change.address, says) for rule in rules for danger, says in rule(change, head)
    ]


def workloads_gone(changes: Iterable[Change]) -> set[str]:
    """Names of the workloads that go for good."""
    return {object_name(change) for change in changes if change.action is Action.DELETE and change.type in _WORKLOADS}


def object_name(change: Change) -> str:
    """The name of a Kubernetes object that exists; empty for anything else."""
    return str(first_block(change.before.get("metadata")).get("name", ""))


def _gone(change: Change, _head: Configuration) -> Iterator[tuple[Danger, str]]:
    if not change.destroys:
        return
    verb = "replaced" if change.action is Action.REPLACE else "destroyed"
    because = sorted({leaf.path for leaf in change.leaves if leaf.replaces})
    reason = f" for {', '.join(because)}" if because else ""
    held = HOLDS.get(change.type)
    if held and change.type in _LOSES_DATA:
        yield Danger.DATA_LOSS, f"{verb}{reason}; lost: {held}"
    elif change.action is Action.REPLACE:
        how = "the new one is there first" if change.creates_first else "the old one goes first"
        yield Danger.REPLACE, f"{verb}{reason}; {how}"
    else:
        yield Danger.DESTROY, verb


def _refused(change: Change, head: Configuration) -> Iterator[tuple[Danger, str]]:
    if not change.destroys:
        return
    # Terraform looks at what the head says: with the block, its protection is gone, too.
    if _is_kept(head):
        yield (
            Danger.REFUSED,
            "`prevent_destroy` is set: Terraform refuses to plan this; `modelyard protection lift` first",
        )
    if change.before.get("deletion_protection") is True:
        yield (
            Danger.REFUSED,
            "`deletion_protection` is on in what is deployed: the provider refuses in the middle of the deploy; "
            "deploy it switched off first",
        )


def _exposed(change: Change, _head: Configuration) -> Iterator[tuple[Danger, str]]:
    if change.action is Action.DELETE:
        return
    for says in sorted(openings(change.type, change.after) - openings(change.type, change.before)):
        yield Danger.EXPOSURE, says


def unprotected(stack: str, base: Mapping[str, Configuration], head: Mapping[str, Configuration]) -> list[Finding]:
    """Resources that Terraform may destroy from now on; no plan tells of it.

    Args:
        stack: The stack's id.
        base: The resources' blocks in the base's configuration, by address.
        head: The same in the head's.
    """
    return [
        Finding(Danger.UNPROTECTED, stack, address, "`prevent_destroy` is taken off")
        for address, block in base.items()
        if _is_kept(block) and address in head and not _is_kept(head[address])
    ]


def _is_kept(block: Configuration) -> bool:
    return bool(block.get("lifecycle", {}).get("prevent_destroy"))


def _unprotected(change: Change, _head: Configuration) -> Iterator[tuple[Danger, str]]:
    if change.action is Action.CREATE:
        return
    for says in lifted(change.type, change.before, {} if change.action is Action.DELETE else change.after):
        yield Danger.UNPROTECTED, says


def _interrupted(change: Change, _head: Configuration) -> Iterator[tuple[Danger, str]]:
    if change.action is not Action.UPDATE:
        return
    touched = {leaf.path for leaf in change.leaves}
    for argument in _NODE_ARGUMENTS.get(change.type, ()):
        if any(path.startswith(argument) for path in touched):
            yield (
                Danger.INTERRUPTION,
                f"{argument.partition('.')[2].rstrip('_')}: every node is made anew, its pods move",
            )
            break
    if change.type in _WORKLOADS:
        yield from _interrupted_workload(change, touched)
    if change.type == "kubernetes_service_v1" and "spec[0].type" in touched:
        yield Danger.INTERRUPTION, "the Service's type changes: the address that callers know goes"


def _interrupted_workload(change: Change, touched: set[str]) -> Iterator[tuple[Danger, str]]:
    before, after = first_block(change.before.get("spec")), first_block(change.after.get("spec"))
    if _is_zero(after.get("replicas")) and not _is_zero(before.get("replicas")):
        yield Danger.INTERRUPTION, "replicas go to 0: nothing answers"
    strategy = first_block(after.get("strategy")).get("type")
    if strategy == "Recreate" and any(path.startswith("spec[0].template") for path in touched):
        yield Danger.INTERRUPTION, "its strategy is Recreate: all pods stop before the new ones start"


def _forgotten(change: Change, _head: Configuration) -> Iterator[tuple[Danger, str]]:
    if change.action is Action.FORGET:
        yield Danger.LEFT_BEHIND, "forgotten by Terraform: it stays, is billed, and nothing here changes it any more"


def _is_zero(replicas: Any) -> bool:  # noqa: ANN401 - a number, or the same as a text
    return str(replicas) == "0"
