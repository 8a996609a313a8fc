"""The preview as a comment: first what is dangerous, then each environment; what does not fit is in the artifact."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from costs.report import money, signed
from policies.findings import Finding as PolicyFinding
from preview import diff
from preview.changes import Action
from preview.comment_format import LONGEST, MARKER
from preview.outcome import EnvironmentPreview, StackPreview, Status
from preview.redaction import Redactor

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
_CUT: Final = (
    "\n\n**This is not all**: the rest did not fit. The whole report is `report.md` in the artifact of this run.\n"
)


class _Text:
    """Text that grows to a limit; what does not fit is left out and remembered."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._parts: list[str] = []
        self._length = 0
        self.is_cut = False

    def add(self, part: str) -> bool:
        """Adds a part if all of it fits."""
        reserved = len(_CUT)
        if self._limit is not None and self._length + len(part) + reserved > self._limit:
            self.is_cut = True
            return False
        self._parts.append(part)
        self._length += len(part)
        return True

    def __str__(self) -> str:
        return "".join(self._parts) + (_CUT if self.is_cut else "")


def comment(environments: Sequence[EnvironmentPreview], redactor: Redactor, *, base: str, head: str) -> str:
    """What GitHub is to show: at most LONGEST characters, the first line is MARKER.

    Args:
        environments: Each one's preview.
        redactor: Takes secrets out.
        base: The commit, or what else a person knows it by.
        head: The same.
    """
    text = _Text(LONGEST)
    text.add(f"{MARKER}\n")
    _write(text, environments, redactor, base=base, head=head, is_whole=False)
    return redactor.known(str(text))


def report(environments: Sequence[EnvironmentPreview], redactor: Redactor, *, base: str, head: str) -> str:
    """The same, complete, of any length."""
    text = _Text(None)
    _write(text, environments, redactor, base=base, head=head, is_whole=True)
    return redactor.known(str(text))


def _write(
    text: _Text, environments: Sequence[EnvironmentPreview], redactor: Redactor, *, base: str, head: str, is_whole: bool
) -> None:
    text.add(f"## Preview: {_headline(environments)}\n\n")
    text.add(f"`{head}` against `{base}`\n\n")
    for line in _whose_plans(environments):
        text.add(f"{line}\n\n")
    _write_dangers(text, environments, is_whole=is_whole)
    for each in environments:
        _write_environment(text, each, redactor, is_whole=is_whole)


def _headline(environments: Sequence[EnvironmentPreview]) -> str:
    failed = [each.name for each in environments if each.has_failed]
    dangers = sum(len(each.findings) for each in environments)
    changes = sum(len(stack.changes) for each in environments for stack in each.stacks)
    stacks = sum(stack.has_changes for each in environments for stack in each.stacks)
    if not stacks and not failed:
        return "nothing changes"
    parts = [f"{_count(changes, 'change')} in {_count(stacks, 'stack')}"]
    parts.append(f"⚠️ {_count(dangers, 'danger')}" if dangers else "no danger found")
    parts += [f"❌ {', '.join(failed)} could not be previewed whole"] if failed else []
    refused = [each.name for each in environments if each.is_refused]
    parts += [f"❌ {', '.join(refused)} refused by policies or cap"] if refused else []
    return ", ".join(parts)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _whose_plans(environments: Sequence[EnvironmentPreview]) -> Iterator[str]:
    """Whose plans they are, once for all environments of which the same is to be said."""
    said: dict[str, list[str]] = defaultdict(list)
    for each in environments:
        if each.plans_by:
            said[each.plans_by].append(each.name)
    for plans_by, names in said.items():
        warning = (
            " No update here is called safe: one may be a replacement." if "simulator's own, made" in plans_by else ""
        )
        yield f"{', '.join(names)}: {plans_by}.{warning}"


def _write_dangers(text: _Text, environments: Sequence[EnvironmentPreview], *, is_whole: bool) -> None:
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for environment in environments:
        stacks = {stack.id: stack for stack in environment.stacks}
        for finding in environment.findings:
            # The same of a whole estate is said once.
            where = _where(stacks[finding.stack], finding.address)
            groups[finding.danger, finding.says, "" if finding.address else "stack"].append(where)
    if not groups:
        return
    text.add("### ⚠️ Dangerous\n\n")
    shown = 0
    for (danger, says, _), places in groups.items():
        if not is_whole and shown >= _DANGERS_IN_COMMENT:
            break
        listed = places if is_whole else places[:10]
        more = f" and {len(places) - len(listed)} more" if len(places) > len(listed) else ""
        if not text.add(f"- **{danger}** · {', '.join(listed)}{more}: {says}\n"):
            break
        shown += 1
    if shown < len(groups):
        text.is_cut = True
        text.add(f"- … and {_count(len(groups) - shown, 'more danger')}\n")
    text.add("\n")


def _where(stack: StackPreview, address: str) -> str:
    """A resource, its construct and the file to open."""
    if not address:
        return f"`{stack.id}`" + (f" ({stack.file})" if stack.file else "")
    places = [f"`{path}`" for path in [stack.construct_paths.get(address)] if path]
    places += [stack.file] if stack.file else []
    return f"`{address}`" + (f" ({', '.join(places)})" if places else f" of `{stack.id}`")


def _write_environment(text: _Text, preview: EnvironmentPreview, redactor: Redactor, *, is_whole: bool) -> None:
    if preview.error:
        text.add(f"### {preview.name}\n\n❌ no preview:\n\n{diff.fenced(_commented(redactor.text(preview.error)))}\n\n")
        return
    others = f", {preview.unchanged} unchanged" if preview.unchanged else ""
    if not preview.stacks:
        text.add(f"### {preview.name}: nothing changes{others}\n\n")
        if preview.is_refused:
            _write_bill(text, preview)
        return
    text.add(f"### {preview.name}: {_count(len(preview.stacks), 'stack')}{others}\n\n")
    _write_table(text, preview, is_whole=is_whole)
    _write_policies(text, preview, redactor, is_whole=is_whole)
    _write_bill(text, preview)
    for stack in preview.stacks:
        if not text.add(_folded(stack, redactor, is_whole=is_whole)) and not is_whole:
            text.add(f"- `{stack.id}`: {_counts(stack)}; too long for a comment\n")


def _write_policies(text: _Text, preview: EnvironmentPreview, redactor: Redactor, *, is_whole: bool) -> None:
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
    shown = lines if is_whole else lines[:_DANGERS_IN_COMMENT]
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


def _write_bill(text: _Text, preview: EnvironmentPreview) -> None:
    """The month's bill, before and after."""
    if preview.bill is None:
        return
    change, cap = preview.bill.change, preview.bill.cap
    told = f"{money(change.after)} a month"
    if change.stacks:
        told = f"{money(change.before)} → {told} ({signed(change.monthly)})"
    told += f", the cap is ${cap:,}" if cap is not None else ""
    above = "❌ above the cap: " if preview.bill.is_above_cap else ""
    text.add(f"💰 {above}{told}\n\n")
    if change.stacks:
        text.add("".join(f"- `{stack}`: {signed(by)}\n" for stack, by in change.stacks.items()) + "\n")
    for each in change.newly_unpriced:
        text.add(f"- unpriced, and new: {each.what} ({each.stack}): {each.why}\n")
    if change.newly_unpriced:
        text.add("\n")


def _write_table(text: _Text, preview: EnvironmentPreview, *, is_whole: bool) -> None:
    text.add(f"| stack | {' | '.join(_COUNTED)} | |\n|---|{'---:|' * len(_COUNTED)}---|\n")
    rows = preview.stacks if is_whole else preview.stacks[:_ROWS_IN_COMMENT]
    for stack in rows:
        counts = [str(sum(map(stack.count, actions)) or "") for actions in _COUNTED.values()]
        text.add(f"| {stack.id} | {' | '.join(counts)} | {_remark(stack)} |\n")
    if len(rows) < len(preview.stacks):
        text.is_cut = True
        text.add(f"| … {len(preview.stacks) - len(rows)} more |{' |' * len(_COUNTED)} |\n")
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
    remarks += [f"⚠️ {_count(len(stack.findings), 'danger')}"] if stack.findings else []
    remarks += [f"{sum(bool(each.moved_from) for each in stack.changes)} moved"] if _any_moved(stack) else []
    remarks += [f"{sum(bool(each.imported) for each in stack.changes)} imported"] if _any_imported(stack) else []
    remarks += [f"{_count(len(stack.drift), 'drifted resource')}"] if stack.drift else []
    simulated = sum(each.is_simulated and each.action is Action.UPDATE for each in stack.changes)
    remarks += [f"{_count(simulated, 'update')} not known to be safe"] if simulated else []
    return ", ".join(remarks)


def _any_moved(stack: StackPreview) -> bool:
    return any(each.moved_from for each in stack.changes)


def _any_imported(stack: StackPreview) -> bool:
    return any(each.imported for each in stack.changes)


def _counts(stack: StackPreview) -> str:
    told = [f"{symbol}{count}" for symbol, actions in _COUNTED.items() if (count := sum(map(stack.count, actions)))]
    return " ".join(told) or str(stack.status)


def _folded(stack: StackPreview, redactor: Redactor, *, is_whole: bool) -> str:
    """A stack's diff, closed until somebody opens it; empty where there is none."""
    longest = _VALUE_IN_REPORT if is_whole else _VALUE_IN_COMMENT
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
    return f"<details><summary>{summary}</summary>\n\n{diff.fenced(chr(10).join(lines))}\n\n</details>\n\n"


def _commented(text: str) -> str:
    return "\n".join(f"# {line}" for line in text.splitlines())
