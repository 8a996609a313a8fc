"""Which pages are made from the code, and their texts as they should be."""

from collections.abc import Callable, Mapping
from pathlib import Path

from documentation.command_reference import command_reference
from documentation.construct_reference import construct_reference
from documentation.package_picture import package_picture
from documentation.stack_picture import stack_picture, stack_table
from stacks.marked_part import with_part
from stacks.paths import ROOT

DOCS = ROOT / "docs"
README = ROOT / "README.md"
INDEX = DOCS / "README.md"
ARCHITECTURE = DOCS / "architecture.md"
_BEGIN, _END = "<!-- {what}: written by make docs -->", "<!-- end of {what} -->"


#: What makes the text of each page; of pages that people write too, only what stands between the marks is new.
PAGES: dict[Path, Callable[[], str]] = {
    DOCS / "reference" / "commands.md": command_reference,
    DOCS / "reference" / "constructs.md": construct_reference,
    README: lambda: _with(README.read_text(), {"stacks": stack_picture()}),
    INDEX: lambda: _with(INDEX.read_text(), {"decisions": _decisions()}),
    ARCHITECTURE: lambda: _with(ARCHITECTURE.read_text(), {"packages": package_picture(), "resources": stack_table()}),
}


def _decisions() -> str:
    """A list of links, each with the heading of its page."""
    files = sorted((DOCS / "adr").glob("*.md"))
    headings = [file.read_text().splitlines()[0].removeprefix("# ") for file in files]
    return "\n".join(f"- [{heading}](adr/{file.name})" for heading, file in zip(headings, files, strict=True))


def _with(text: str, parts: Mapping[str, str]) -> str:
    """A page's text with these parts between the marks of these names."""
    for what, part in parts.items():
        text = with_part(text, begin=_BEGIN.format(what=what), end=_END.format(what=what), part=part)
    return text
