"""The parts of a preview's text: dangers, then each environment."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from costs.report import money, signed
from policies.findings import Finding as PolicyFinding
from preview import diff
from preview.changes import Action
from preview.lease_change import is_lease_only, lease_line
from preview.outcome import EnvironmentPreview, StackPreview, Status
from preview.redaction import Redactor
from preview.text import Text

_COUNTED: Final = {
    "+": (Action.CREATE,),
    "~": (Action.UPDATE,),
    "±": (Action.REPLACE,),
    "-": (Action.DELETE, Action.FORGET),
}
# Of an estate of a thousand stacks, a person reads the first ones; the artifact has all.
_ROWS_IN_COMMENT = 60
_DANGERS_IN_COMMENT = 60
_VALUE_IN_COMMENT, _VALUE_IN_REPORT = 200, 10_000


def count(number: int, what: str) -> str:
    """`1 change`, `2,000 changes`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def write_dangers(text: Text, environments: Sequence[EnvironmentPreview]) -> None:
    """What is dangerous, the worst kind of each environment first; the same of many stacks is said once."""
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for environment in environments:
        stacks = {stack.id: stack for stack in environment.stacks}
        for finding in environment.findings:
            where = _where(stacks[finding.stack], finding.address)
            groups[finding.danger, finding.says, "" if finding.address else "stack"].append(where)
    if not groups:
        return
    text.add("### ⚠️ Dangerous\n\n")
    shown = 0
    for (danger, says, _), places in groups.items():
        if not text.is_whole and shown >= _DANGERS_IN_COMMENT:
            break
        listed = places if text.is_whole else places[:10]
        more = f" and {len(places) - len(listed)} more" if len(places) > len(listed) else ""
        if not text.add(f"- **{danger}** · {', '.join(listed)}{more}: {says}\n"):
            break
        shown += 1
    if shown < len(groups):
        text.is_cut = True
        text.add(f"- … and {count(len(groups) - shown, 'more danger')}\n")
    text.add("\n")


def _where(stack: StackPreview, address: str) -> str:
    """A resource, its construct and the file to open."""
    if not address:
        return f"`{stack.id}`" + (f" ({stack.file})" if stack.file else "")
    places = [f"`{path}`" for path in [stack.construct_paths.get(address)] if path]
    places += [stack.file] if stack.file else []
    return f"`{address}`" + (f" ({', '.join(places)})" if places else f" of `{stack.id}`")


def write_environment(text: Text, preview: EnvironmentPreview, redactor: Redactor) -> None:
    """Its stacks in a table, policies, the month's bill, and each stack's diff."""
    if preview.error:
        text.add(f"### {preview.name}\n\n❌ no preview:\n\n{diff.fenced(_commented(redactor.text(preview.error)))}\n\n")
        return
    others = f", {preview.unchanged} unchanged" if preview.unchanged else ""
    if not preview.stacks:
        text.add(f"### {preview.name}: nothing changes{others}\n\n")
        if preview.is_refused:
            _write_bill(text, preview)
        return
    text.add(f"### {preview.name}: {count(len(preview.stacks), 'stack')}{others}\n\n")
    # The report has each of them, like everything.
    leased = [] if text.is_whole else [stack for stack in preview.stacks if is_lease_only(stack)]
    if leased:
        text.add(f"{lease_line(leased)}\n\n")
    told = [stack for stack in preview.stacks if stack not in leased]
    if told:
        _write_table(text, told)
    _write_policies(text, preview, redactor)
    _write_bill(text, preview)
    longest = _VALUE_IN_REPORT if text.is_whole else _VALUE_IN_COMMENT
    for stack in told:
        if not text.add(_folded(stack, redactor, longest=longest)):
            text.add(f"- `{stack.id}`: {_counts(stack)}; too long for a comment\n")


def _write_policies(text: Text, preview: EnvironmentPreview, redactor: Redactor) -> None:
    """What they say of the stacks that change: what is denied comes first."""
    verdict = preview.policies
    if verdict is None:
        return
    failed = len(verdict.failed) + len(verdict.expired) + len(verdict.unused)
    mark = "❌" if failed else "⚠️" if verdict.warned else "✅"
    told = f"{failed} failed, {len(verdict.warned)} warned, {len(verdict.accepted)} accepted, {verdict.passed} passed"
    text.add(f"{mark} policies: {told}\n\n")
    lines = [f"❌ {_policy(each, preview, redactor)}" for each in verdict.failed]
    lines += [f"❌ {_policy(each, preview, redactor)}: excepted until {old.expires}" for each, old in verdict.expired]
    lines += [
        f"❌ the exception {each.check} for `{each.resource}` matches nothing: remove it" for each in verdict.unused
    ]
    lines += [f"⚠️ {_policy(each, preview, redactor)}" for each in verdict.warned]
    shown = lines if text.is_whole else lines[:_DANGERS_IN_COMMENT]
    for line in shown:
        text.add(f"- {line}\n")
    if len(shown) < len(lines):
        text.is_cut = True
    if lines:
        text.add("\n")


def _policy(finding: PolicyFinding, preview: EnvironmentPreview, redactor: Redactor) -> str:
    stack = next(each for each in preview.stacks if each.id == finding.stack)
    detail = f": {redactor.text(finding.detail)}" if finding.detail else ""
    part = f" {finding.part}" if finding.part else ""
    return f"{finding.check} {finding.name}{detail} · {_where(stack, finding.resource)}{part}"


def _write_bill(text: Text, preview: EnvironmentPreview) -> None:
    """The month's bill, before and after."""
    if preview.bill is None:
        return
    change, cap = preview.bill.change, preview.bill.cap
    told = f"{money(change.after)} a month"
    if change.stacks:
        told = f"{money(change.before)} → {told} ({signed(change.monthly)})"
    told += f", the cap is ${cap:,}" if cap is not None else ""
    oldest = preview.bill.after.oldest
    told += f"; the oldest price is of {oldest.date}" if oldest and change.stacks else ""
    above = "❌ above the cap: " if preview.bill.is_above_cap else ""
    text.add(f"💰 {above}{told}\n\n")
    if change.stacks:
        text.add("".join(f"- `{stack}`: {signed(by)}\n" for stack, by in change.stacks.items()) + "\n")
    for each in change.newly_unpriced:
        text.add(f"- unpriced, and new: {each.what} ({each.stack}): {each.why}\n")
    if change.newly_unpriced:
        text.add("\n")


def _write_table(text: Text, stacks: Sequence[StackPreview]) -> None:
    text.add(f"| stack | {' | '.join(_COUNTED)} | |\n|---|{'---:|' * len(_COUNTED)}---|\n")
    rows = stacks if text.is_whole else stacks[:_ROWS_IN_COMMENT]
    for stack in rows:
        counts = [str(sum(map(stack.count, actions)) or "") for actions in _COUNTED.values()]
        text.add(f"| {stack.id} | {' | '.join(counts)} | {_remark(stack)} |\n")
    if len(rows) < len(stacks):
        text.is_cut = True
        text.add(f"| … {len(stacks) - len(rows)} more |{' |' * len(_COUNTED)} |\n")
    text.add("\n")


def _remark(stack: StackPreview) -> str:
    remarks = []
    if stack.status is Status.NOT_PLANNABLE:
        remarks.append(f"not plannable yet: {stack.says}")
    elif stack.status is Status.FAILED:
        remarks.append("❌ failed")
    elif stack.status is Status.LEFT_BEHIND:
        remarks.append("left behind")
    remarks += ["new"] if stack.is_new else []
    remarks += ["its state moves"] if stack.moves_state else []
    remarks += [f"⚠️ {count(len(stack.findings), 'danger')}"] if stack.findings else []
    remarks += [f"{sum(bool(each.moved_from) for each in stack.changes)} moved"] if _any_moved(stack) else []
    remarks += [f"{sum(bool(each.imported) for each in stack.changes)} imported"] if _any_imported(stack) else []
    remarks += [f"{count(len(stack.drift), 'drifted resource')}"] if stack.drift else []
    simulated = sum(each.is_simulated and each.action is Action.UPDATE for each in stack.changes)
    remarks += [f"{count(simulated, 'update')} not known to be safe"] if simulated else []
    return ", ".join(remarks)


def _any_moved(stack: StackPreview) -> bool:
    return any(each.moved_from for each in stack.changes)


def _any_imported(stack: StackPreview) -> bool:
    return any(each.imported for each in stack.changes)


def _counts(stack: StackPreview) -> str:
    told = [f"{symbol}{count}" for symbol, actions in _COUNTED.items() if (count := sum(map(stack.count, actions)))]
    return " ".join(told) or str(stack.status)


def _folded(stack: StackPreview, redactor: Redactor, *, longest: int) -> str:
    """A stack's diff, closed until somebody opens it, or its error, open; empty where there is neither."""
    lines = [line for change in stack.changes for line in diff.lines(change, redactor, longest=longest)]
    if stack.status is Status.FAILED:
        lines = _commented(redactor.text(stack.says)).splitlines()
    lines += [f"# {rename.old} and {rename.new} look like one: {rename.mend}" for rename in stack.renames]
    if stack.drift:
        lines += ["# drift: exists otherwise than the state says"]
        lines += [f"#{line}" for each in stack.drift for line in diff.lines(each, redactor, longest=longest)]
    if not lines:
        return ""
    summary = f"<code>{stack.id}</code>: {_counts(stack)}"
    fold = "<details open>" if stack.status is Status.FAILED else "<details>"
    return f"{fold}<summary>{summary}</summary>\n\n{diff.fenced(chr(10).join(lines))}\n\n</details>\n\n"


def _commented(text: str) -> str:
    return "\n".join(f"# {line}" for line in text.splitlines())
