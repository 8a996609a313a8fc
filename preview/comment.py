"""The preview as a comment: first what is dangerous, then each environment; what does not fit is in the artifact."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from preview.comment_format import LONGEST, MARKER
from preview.outcome import EnvironmentPreview
from preview.redaction import Redactor
from preview.sections import count, write_dangers, write_environment
from preview.text import Text
from preview.untrusted_comment import harmless

_OWN_PLANS = "❔ not the real providers' plans, so no update is called safe"


def comment(environments: Sequence[EnvironmentPreview], redactor: Redactor, *, base: str, head: str) -> str:
    """What GitHub is to show: at most LONGEST characters, the first line is MARKER.

    Args:
        environments: Each one's preview.
        redactor: Takes secrets out.
        base: The commit, or what else a person knows it by.
        head: The same.
    """
    # Who posts it makes it harmless once more, which then changes nothing: neither its words nor its length.
    text = Text(LONGEST - len(MARKER) - 1, lambda part: harmless(redactor.known(part)))
    _write(text, environments, redactor, base=base, head=head)
    return f"{MARKER}\n{text}"


def report(environments: Sequence[EnvironmentPreview], redactor: Redactor, *, base: str, head: str) -> str:
    """The same, complete, of any length."""
    text = Text(None, redactor.known)
    _write(text, environments, redactor, base=base, head=head)
    return str(text)


def _write(text: Text, environments: Sequence[EnvironmentPreview], redactor: Redactor, *, base: str, head: str) -> None:
    text.add(f"## Preview: {_headline(environments)}\n\n")
    text.add(f"`{head}` against `{base}`\n\n")
    for line in _whose_plans(environments):
        text.add(f"{line}\n\n")
    write_dangers(text, environments)
    for each in environments:
        write_environment(text, each, redactor)


def _headline(environments: Sequence[EnvironmentPreview]) -> str:
    failed = [each.name for each in environments if each.has_failed]
    dangers = sum(len(each.findings) for each in environments)
    changes = sum(len(stack.changes) for each in environments for stack in each.stacks)
    stacks = sum(stack.has_changes for each in environments for stack in each.stacks)
    # Said in the first line: whoever reads no further takes an update for one.
    ours = [] if all(each.has_real_plans for each in environments) else [_OWN_PLANS]
    refused = [each.name for each in environments if each.is_refused]
    drifted = sum(len(stack.drift) for each in environments for stack in each.stacks)
    if not (stacks or failed or refused or drifted):
        return "nothing changes"
    parts = [*ours, f"{count(changes, 'change')} in {count(stacks, 'stack')}"]
    parts.append(f"⚠️ {count(dangers, 'danger')}" if dangers else "no danger found")
    parts += [f"❌ {', '.join(failed)} could not be previewed whole"] if failed else []
    parts += [count(drifted, "drifted resource")] if drifted else []
    parts += [f"❌ {', '.join(refused)} refused by policies or cap"] if refused else []
    return ", ".join(parts)


def _whose_plans(environments: Sequence[EnvironmentPreview]) -> Iterator[str]:
    """Whose plans they are, once for all environments of which the same is to be said."""
    said: dict[str, list[str]] = defaultdict(list)
    for each in environments:
        if each.plans_by:
            said[each.plans_by].append(each.name)
    for plans_by, names in said.items():
        yield f"{', '.join(names)}: {plans_by}."
