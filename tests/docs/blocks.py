"""The fenced blocks of the documents, and what is said of each; docs/testing.md has the convention."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from stacks.paths import ROOT

#: What a block may be; `text` is for what nobody types.
LANGUAGES = ("console", "sh", "python", "toml", "yaml", "json", "mermaid", "text")
#: What a block may need that a machine for tests has not, by its first word; only `cluster` is tried, in tests/e2e.
NEEDS = {
    "cluster": "a Kubernetes cluster of one's own",
    "Google": "a project of Google Cloud",
    "Azure": "a subscription of Azure",
    "GitHub": "a repository on GitHub",
    "engine": "another engine than the one that is installed",
    "deployed": "an environment with its add-ons, which is deployed",
    "killed": "a deploy that was killed at a certain time",
    "frameworks": "7.4 GB of frameworks of machine learning",
    "person": "somebody who looks or decides",
    "tested": "nothing: a test named there runs the same",
}
_DIRECTIVE = re.compile(r"<!-- (?P<name>needs|rehearsal|exits|given|inside): (?P<value>.+?) -->")
_CONTINUED = ("\\", "|", "&&")


@dataclass(frozen=True)
class Command:
    """What is typed, and what is printed; `expected` is None where a document shows nothing of that."""

    text: str
    expected: str | None


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        file: The document, below the repo's root.
        line: Its first line in there.
        language: The first word after the fence.
        content: What stands in it.
        said: What the comments just before it say, by their names.
    """

    file: str
    line: int
    language: str
    content: str
    said: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where a person finds it."""
        return f"{self.file}:{self.line}"

    @property
    def is_commands(self) -> bool:
        """Whether it is something to type into a shell."""
        return self.language in ("console", "sh")

    @property
    def need(self) -> str | None:
        """The first word of what it needs, of `NEEDS`; None if it runs anywhere."""
        return re.split(r"\W", self.said["needs"])[0] if "needs" in self.said else None

    @property
    def commands(self) -> list[Command]:
        """What is typed, one after the other; all of a `sh` block is one."""
        if self.language == "sh":
            return [Command(self.content, None)]
        return [Command(typed, printed or None) for typed, printed in self._typed_and_printed()]

    def _typed_and_printed(self) -> Iterator[tuple[str, str]]:
        typed: list[str] = []
        printed: list[str] = []
        for line in self.content.splitlines():
            if typed and not printed and typed[-1].endswith(_CONTINUED):
                typed.append(line)
            elif line.startswith("$ "):
                if typed:
                    yield "\n".join(typed), "\n".join(printed)
                typed, printed = [line.removeprefix("$ ")], []
            else:
                printed.append(line)
        if typed:
            yield "\n".join(typed), "\n".join(printed)


def documents() -> list[str]:
    """The documents whose blocks are looked at, below the repo's root."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("services/*/README.md"))]
    return [str(file.relative_to(ROOT)) for file in found]


def blocks_of(document: str) -> list[Block]:
    """All blocks of a document, in its order."""
    return list(_blocks(document, MarkdownIt().parse((ROOT / document).read_text())))


def all_blocks() -> list[Block]:
    """Those of all documents."""
    return [block for document in documents() for block in blocks_of(document)]


def _blocks(document: str, tokens: list[Token]) -> Iterator[Block]:
    for before, token in pairwise([Token("none", "", 0), *tokens]):
        if token.type not in ("fence", "code_block") or token.map is None:
            continue
        comment = before.content if before.type == "html_block" else ""
        said = {found["name"]: found["value"] for found in _DIRECTIVE.finditer(comment)}
        yield Block(document, token.map[0] + 1, token.info.partition(" ")[0], token.content, said)


def written(path: Path) -> str:
    """A document's text without its fenced blocks."""
    lines = path.read_text().splitlines()
    for token in MarkdownIt().parse(path.read_text()):
        if token.type in ("fence", "code_block") and token.map:
            lines[slice(*token.map)] = [""] * (token.map[1] - token.map[0])
    return "\n".join(lines)
