"""What a preview says, as the page shows it: without secrets."""

from collections.abc import Iterator, Mapping

from costs.charges import Range
from preview import diff
from preview.changes import Action
from preview.outcome import EnvironmentPreview, StackPreview, Status
from preview.redaction import Redactor
from report.model import Changes, StackChange

_SYMBOLS = {
    "+": (Action.CREATE,),
    "~": (Action.UPDATE,),
    "±": (Action.REPLACE,),
    "-": (Action.DELETE, Action.FORGET),
}
_LONGEST_VALUE = 2_000


def changes(preview: EnvironmentPreview, redactor: Redactor, *, base: str, head: str) -> Changes:
    """What changes.

    Args:
        preview: Of the environment.
        redactor: Takes secrets out.
        base: The commit that is deployed.
        head: The one to deploy.
    """
    bill = preview.bill.change if preview.bill else None
    by_stack = bill.stacks if bill else {}
    return Changes(
        base=base,
        head=head,
        plans_by=preview.plans_by,
        stacks=tuple(_stack(stack, redactor, by_stack) for stack in preview.stacks),
        unchanged=preview.unchanged,
        monthly=bill.monthly if bill and bill.stacks else None,
        error=redactor.text(preview.error),
    )


def _stack(stack: StackPreview, redactor: Redactor, by_stack: Mapping[str, Range]) -> StackChange:
    lines = [line for change in stack.changes for line in diff.lines(change, redactor, longest=_LONGEST_VALUE)]
    counted = {symbol: sum(map(stack.count, actions)) for symbol, actions in _SYMBOLS.items()}
    return StackChange(
        id=stack.id,
        status=stack.status,
        counts={symbol: number for symbol, number in counted.items() if number},
        says=tuple(_remarks(stack, redactor)),
        dangers=tuple(
            redactor.text(f"{each.danger}: {f'{each.address}, ' if each.address else ''}{each.says}")
            for each in stack.findings
        ),
        lines=tuple(redactor.known(line) for line in lines),
        monthly=by_stack.get(stack.id),
    )


def _remarks(stack: StackPreview, redactor: Redactor) -> Iterator[str]:
    if stack.is_new:
        yield "new"
    if stack.moves_state:
        yield "its state moves"
    if stack.status is not Status.PLANNED:
        yield str(stack.status)
    if stack.says:
        yield redactor.text(stack.says)
    if simulated := sum(each.is_simulated and each.action is Action.UPDATE for each in stack.changes):
        yield f"{simulated} update{'' if simulated == 1 else 's'} not known to be safe: no real provider's plan"
    if stack.drift:
        yield f"{len(stack.drift)} drifted resource{'' if len(stack.drift) == 1 else 's'}"
    for rename in stack.renames:
        yield f"{rename.old} and {rename.new} look like one: {rename.mend}"
