"""What the checks found, for people and for programs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.markup import escape

from doctor.check import Result, State, grouped

_MARKS: Final[dict[State, str]] = {
    "ok": "[green]✓[/]",
    "warn": "[yellow]![/]",
    "fail": "[red]✗[/]",
    "skipped": "[dim]-[/]",
}


def lines(results: Sequence[Result]) -> Iterator[str]:
    """Marked-up lines, under a heading for each group."""
    width = max(len(result.check.name) for result in results)
    for group, members in grouped(results):
        yield f"[bold]{escape(group)}[/]"
        for result in members:
            finding = result.finding
            first, *more = finding.found.splitlines() or [""]
            text = f"skipped: {first}" if finding.state == "skipped" else first
            style = ("[dim]", "[/]") if finding.state == "skipped" else ("", "")
            yield f"  {_MARKS[finding.state]} {result.check.name:{width}}  {style[0]}{escape(text)}{style[1]}"
            indent = " " * (width + 6)
            yield from (f"{indent}{escape(line.strip())}" for line in more)
            if finding.mend:
                yield f"{indent}[bold]mend:[/] {escape(' '.join(finding.mend.split()))}"


def summary(results: Sequence[Result]) -> str:
    """`2 failed, 1 warning, 30 ok, 4 skipped`."""
    counts = Counter(result.finding.state for result in results)
    words: dict[State, str] = {"fail": "failed", "warn": "to look at", "ok": "ok", "skipped": "skipped"}
    return ", ".join(f"{counts[state]} {word}" for state, word in words.items() if counts[state])


def has_failed(results: Sequence[Result]) -> bool:
    """Whether anything will stop a deploy."""
    return any(result.finding.state == "fail" for result in results)


def as_json(results: Sequence[Result], environment: str | None) -> dict[str, Any]:
    """The same for programs; `seconds` is how long a check took."""
    return {
        "environment": environment,
        "failed": has_failed(results),
        "checks": [
            {
                "group": result.check.group,
                "name": result.check.name,
                "state": result.finding.state,
                "found": result.finding.found,
                "mend": result.finding.mend,
                "seconds": round(result.seconds, 2),
            }
            for result in results
        ],
    }
