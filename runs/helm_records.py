"""Helm's records of a release, Secrets beside it: one of a change that was cut off lets Helm begin no other.

Source: https://helm.sh/docs/topics/advanced/#storage-backends; the labels are those that Helm 3 gives.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from runs.diagnostics import Diagnostic
from runs.journal import Call

if TYPE_CHECKING:
    from modelyard.serving.cluster import Cluster, Object

# How Helm says that a record is in its way: of a release that Terraform does not know, of a change, of an uninstall.
_REFUSALS: Final = (
    "cannot re-use a name that is still in use",
    "another operation (install/upgrade/rollback) is in progress",
    "has no deployed releases",
)
# https://pkg.go.dev/helm.sh/helm/v3/pkg/release#Status
_CUT_OFF: Final = frozenset({"pending-install", "pending-upgrade", "pending-rollback", "uninstalling"})


def refused(failures: Sequence[Diagnostic]) -> set[str]:
    """The addresses of releases that a record keeps from being changed."""
    return {error.address for error in failures if error.address and any(each in error.words for each in _REFUSALS)}


def forget_cut_off(
    cluster: "Cluster", namespace: str, release: str, *, is_known: bool, calls: Sequence[Call]
) -> list[str]:
    """Lets Helm forget what our calls have left: the next change begins where the last good one ended.

    Objects that were made by then stay; the next change takes over those that it declares, for they carry the
    release's name.

    Args:
        cluster: Where it is.
        namespace: Of the release.
        release: Its name.
        is_known: Whether Terraform has it in the state. Else a record of a failed first installation goes, too.
        calls: Those of this checkout on the stack: what none of them can have left is somebody else's, and stays.

    Returns:
        The statuses of what was forgotten, the newest first; nothing where the newest is complete, or not ours.

    Raises:
        ConfigurationError: The cluster does not answer, or lets this person not.
    """
    found = cluster.list("secrets", namespace, labelSelector=f"owner=helm,name={release}")
    records = sorted(found, key=lambda each: int(each["metadata"]["labels"]["version"]), reverse=True)
    statuses = [str(each["metadata"]["labels"]["status"]) for each in records]
    is_never_complete = not is_known and "deployed" not in statuses
    forgotten = []
    for record, status in zip(records, statuses, strict=True):
        is_stuck = is_never_complete or status in _CUT_OFF
        if not (is_stuck and any(call.may_have_left(_written(record)) for call in calls)):
            break
        cluster.delete("secrets", str(record["metadata"]["name"]), namespace)
        forgotten.append(status)
    return forgotten


def _written(record: "Object") -> float:
    """When, in seconds since 1970: by the clock of the machine where Helm was at work."""
    labels = record["metadata"]["labels"]
    return float(labels.get("modifiedAt") or labels["createdAt"])
