"""The preview as data: report.json, the same bytes for the same commits and the same state."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from costs.charges import Range
from policies.findings import Finding
from policies.verdict import Verdict
from preview.bill import Bill
from preview.changes import Change, Leaf
from preview.outcome import EnvironmentPreview, StackPreview, Status
from preview.redaction import Redactor
from preview.values import ABSENT, Value


def record(
    environments: Sequence[EnvironmentPreview], redactor: Redactor, *, base: str, head: str, live: bool
) -> dict[str, Any]:
    """All that was found, without secrets.

    Args:
        environments: Each one's preview.
        redactor: Takes secrets out.
        base: The commit.
        head: The same.
        live: Whether it is against the real state.

    Returns:
        A JSON object; its list `changes` is empty if a deploy would do nothing.
    """
    found: dict[str, Any] = redactor.value(
        {
            "base": base,
            "head": head,
            "live": live,
            "changes": [entry for each in environments for entry in _changes(each)],
            "environments": {each.name: _environment(each) for each in environments},
        }
    )
    return found


def text(content: dict[str, Any]) -> str:
    """The bytes of report.json."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _environment(preview: EnvironmentPreview) -> dict[str, Any]:
    return {
        "plans_by": preview.plans_by,
        "error": preview.error,
        "unchanged": preview.unchanged,
        "monthly_usd": _bill(preview.bill) if preview.bill else None,
        "policies": _policies(preview.policies) if preview.policies else None,
        "stacks": {stack.id: _stack(stack) for stack in preview.stacks},
        "findings": [
            {"danger": each.danger, "stack": each.stack, "address": each.address, "says": each.says}
            for each in preview.findings
        ],
    }


def _policies(verdict: Verdict) -> dict[str, Any]:
    return {
        "passed": verdict.passed,
        "accepted": len(verdict.accepted),
        "failed": [_finding(each) for each in [*verdict.failed, *(each for each, _ in verdict.expired)]],
        "warned": [_finding(each) for each in verdict.warned],
        "unused": [{"check": each.check, "resource": each.resource} for each in verdict.unused],
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check,
        "name": finding.name,
        "stack": finding.stack,
        "resource": finding.place,
        "detail": finding.detail,
    }


def _bill(bill: Bill) -> dict[str, Any]:
    change = bill.change
    return {
        "before": _range(change.before),
        "after": _range(change.after),
        "cap": bill.cap,
        "is_above_cap": bill.is_above_cap,
        "stacks": {stack: _range(by) for stack, by in change.stacks.items()},
        "newly_unpriced": [{"stack": each.stack, "what": each.what, "why": each.why} for each in change.newly_unpriced],
    }


def _range(amount: Range) -> list[str]:
    return [f"{amount.low:.2f}", f"{amount.high:.2f}"]


def _stack(stack: StackPreview) -> dict[str, Any]:
    return {
        "status": stack.status,
        "says": stack.says,
        "file": stack.file,
        "is_new": stack.is_new,
        "moves_state": stack.moves_state,
        "renames": [{"old": each.old, "new": each.new} for each in stack.renames],
        "drift": [changed_values(change) for change in stack.drift],
    }


def _changes(preview: EnvironmentPreview) -> Iterator[dict[str, Any]]:
    for stack in preview.stacks:
        for change in stack.changes:
            path = stack.construct_paths.get(change.address, "")
            place = {"environment": preview.name, "stack": stack.id, "construct": path, "file": stack.file}
            yield place | changed_values(change)
        # What cannot be planned, or is not in the code any more, is no "nothing changes" either.
        if not stack.changes and stack.has_changes:
            says = stack.findings[0].danger if stack.status is Status.PLANNED else stack.status
            yield {"environment": preview.name, "stack": stack.id, "action": str(says), "file": stack.file}


def changed_values(change: Change) -> dict[str, Any]:
    """One resource's change, without secrets that only others know of."""
    return {
        "address": change.address,
        "type": change.type,
        "action": change.action,
        "moved_from": change.moved_from,
        "imported": change.imported,
        "values": [_leaf(leaf) for leaf in change.leaves],
    }


def _leaf(leaf: Leaf) -> dict[str, Any]:
    return {"path": leaf.path, "before": _value(leaf.before), "after": _value(leaf.after), "replaces": leaf.replaces}


def _value(value: Value) -> Any:  # noqa: ANN401 - JSON of any shape
    return None if value is ABSENT else value
