"""Text that stops growing where a comment would be too long."""

from collections.abc import Callable
from typing import Final

_CUT: Final = (
    "\n\n**This is not all**: the rest did not fit. The whole report is `report.md` in the artifact of this run.\n"
)


class Text:
    """Text that grows to a limit; what does not fit is left out, and its end says so.

    Args:
        limit: Of characters, its end included; None for none.
        made: Done to each part before it is measured.

    Attributes:
        is_whole: Whether all is wanted, however much: there is no limit.
        is_cut: Whether something is left out.
    """

    def __init__(self, limit: int | None, made: Callable[[str], str] = str) -> None:
        self._limit = limit
        self._made = made
        self._parts: list[str] = []
        self._length = 0
        self.is_whole = limit is None
        self.is_cut = False

    def add(self, part: str) -> bool:
        """Adds a part if all of it fits."""
        reserved = len(_CUT)
        part = self._made(part)
        if self._limit is not None and self._length + len(part) + reserved > self._limit:
            self.is_cut = True
            return False
        self._parts.append(part)
        self._length += len(part)
        return True

    def __str__(self) -> str:
        return "".join(self._parts) + (_CUT if self.is_cut else "")
