"""What a person sees while a model is brought up, in a terminal and in a notebook."""

import time

from rich.console import Console
from rich.markup import escape


class Progress:
    """A line for each step that is done, and one for each change of what is waited for.

    Lines, no animation: notebooks show them without widgets, and logs keep them.
    """

    def __init__(self, *, shown: bool) -> None:
        self._console = Console(highlight=False, soft_wrap=True, quiet=not shown)
        self._began = time.monotonic()
        self._last = ""

    def done(self, what: str) -> None:
        """Says a step."""
        self._console.print(f"[green]✓[/green] {escape(what)} [dim]{self._seconds()}[/dim]")

    def waiting(self, what: str) -> None:
        """Says what is waited for, if it is something else than before."""
        if what != self._last:
            self._last = what
            self._console.print(f"[dim]… {escape(what)} {self._seconds()}[/dim]")

    def _seconds(self) -> str:
        return f"{time.monotonic() - self._began:.1f} s"
