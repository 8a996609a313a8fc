"""A lease that begins, moves or ends: a label of everything that has labels, which one line says better than a diff."""

import re
from collections.abc import Sequence
from typing import Final

from preview.changes import Action, Change
from preview.outcome import StackPreview, Status
from preview.values import ABSENT
from stacks.settings import LEASE_LABEL

# Google's provider counts a resource's labels a second and third time.
_LABEL: Final = re.compile(
    rf"(.+\.)?(labels|effective_labels|terraform_labels|resource_labels|tags)[.\[]{LEASE_LABEL}\]?"
)
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)t(\d\d)-(\d\d)z")


def is_lease(change: Change) -> bool:
    """Whether it does no more to a resource than say until when it is wanted."""
    labels = [leaf for leaf in change.leaves if _LABEL.fullmatch(leaf.path) and not leaf.replaces]
    return change.action is Action.UPDATE and bool(labels) and len(labels) == len(change.leaves)


def is_lease_only(stack: StackPreview) -> bool:
    """Whether nothing else is to be said of a stack."""
    more = stack.findings or stack.drift or stack.renames or stack.is_new or stack.moves_state
    is_planned = stack.status is Status.PLANNED and bool(stack.changes)
    return is_planned and not more and all(map(is_lease, stack.changes))


def lease_line(stacks: Sequence[StackPreview]) -> str:
    """What changes, in a sentence; empty for no stacks."""
    changes = [change for stack in stacks for change in stack.changes]
    moments = {(_shown(leaf.before), _shown(leaf.after)) for change in changes for leaf in change.leaves}
    if not moments:
        return ""
    told = "; ".join(f"{before} → {after}" for before, after in sorted(moments))
    resources = f"{len(changes)} resource{'' if len(changes) == 1 else 's'}"
    return f"⏳ lease: {told}, a label of {resources} in {len(stacks)} stack{'' if len(stacks) == 1 else 's'}"


def _shown(value: object) -> str:
    if value is ABSENT or value is None:
        return "none"
    moment = _MOMENT.fullmatch(str(value))
    return f"{moment[1]} {moment[2]}:{moment[3]} UTC" if moment else str(value)
