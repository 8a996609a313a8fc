"""What a run of Terraform over stacks has to say, as a person reads it."""

import re
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.markup import escape

from runs.results import StackResult

console = Console(highlight=False, soft_wrap=True)
_OUR_COMMAND = re.compile(r"(modelyard (?:adopt|state unlock)) ENV\b")


def tell(stack: str, line: str) -> None:
    """A wait, a repetition, what an interrupted run has left; `stack` is empty for what belongs to none."""
    console.print(f"  [yellow]·[/] {escape(f'{stack}: {line}' if stack else line)}")


def show(result: StackResult) -> None:
    """A stack as soon as it has its result; one in which there was nothing to do is passed over."""
    if result.outcome == "not begun":
        why = f"waits for {', '.join(result.blocked_by)}" if result.blocked_by else "interrupted before"
        console.print(f"  [yellow]-[/] {result.stack}  [dim]not begun: {why}[/]")
    elif result.outcome != "nothing":
        mark = "[red]✗[/]" if result.outcome == "failed" else "[green]✓[/]"
        again = f", {result.attempts} attempts" if result.attempts > 1 else ""
        console.print(f"  {mark} {result.stack}  [dim]{result.seconds:.0f} s{again}[/]")


def failures(results: Mapping[str, StackResult], environment: str, *, more: Callable[[str], str] = lambda _: "") -> str:
    """What Terraform says of each failure; empty without one.

    Args:
        results: By the stack's id.
        environment: Its name: a run knows stacks, and not what a command is given.
        more: What else is known of a failed stack.
    """
    failed = {id_: result for id_, result in results.items() if result.outcome == "failed"}
    said = "\n\n".join(f"{id_}:\n{result.error}{more(id_)}" for id_, result in failed.items())
    return _OUR_COMMAND.sub(rf"\1 {environment}", said)
