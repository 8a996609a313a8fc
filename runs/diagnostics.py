"""Terraform's errors, taken from what it prints."""

import re
from dataclasses import dataclass

_WITH = re.compile(r"^\s+with ([^\s,]+),$", re.MULTILINE)
# `with ADDRESS,`, `on FILE line N, in …:` and the line itself.
_WHERE = re.compile(r"^\s+(?:with |on |\d+:).*$", re.MULTILINE)
_BEGINS = re.compile(r"^(?=Error: )", re.MULTILINE)
_WARNING = re.compile(r"^Warning: ", re.MULTILINE)


@dataclass(frozen=True)
class Diagnostic:
    """One error.

    Attributes:
        text: As Terraform printed it.
        address: The resource's; empty for an error of none.
    """

    text: str
    address: str

    @property
    def words(self) -> str:
        """The text in one line: Terraform wraps it where it likes."""
        return " ".join(self.text.split())

    @property
    def gist(self) -> str:
        """The same without where it is in the configuration."""
        return " ".join(_WHERE.sub("", self.text).split())


def errors(printed: str) -> list[Diagnostic]:
    """The errors in what a call printed without colours, in order."""
    found = []
    for text in _BEGINS.split(printed)[1:]:
        said = _WARNING.split(text)[0].strip()
        named = _WITH.search(said)
        found.append(Diagnostic(said, named[1] if named else ""))
    return found
