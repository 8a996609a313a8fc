"""Pages that come from the code are as it is, and links lead somewhere."""

import re
from functools import cache
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin

from documentation.pages import PAGES
from stacks.paths import ROOT
from tests.docs.blocks import documents


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_page_is_as_make_docs_writes_it(file: Path) -> None:
    assert file.read_text() == PAGES[file](), "make docs"


@cache
def parsed(file: Path) -> list[Token]:
    # The slugs are GitHub's.
    return MarkdownIt().enable("table").use(anchors_plugin, max_level=6).parse(file.read_text())


def anchors(file: Path) -> set[str]:
    return {str(token.attrs["id"]) for token in parsed(file) if token.type == "heading_open"}


def links(document: str) -> list[str]:
    inline = [child for token in parsed(ROOT / document) for child in token.children or []]
    targets = [child.attrs.get("href") or child.attrs.get("src") for child in inline]
    return [str(each) for each in targets if each and not re.match(r"[a-z]+:", str(each))]


@pytest.mark.parametrize("document", [*documents(), "CHANGELOG.md"])
def test_links_lead_to_files_and_headings(document: str) -> None:
    for link in links(document):
        path, _, anchor = link.partition("#")
        file = (ROOT / document).parent / path if path else ROOT / document
        assert file.exists(), f"{document}: {link}"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), f"{document}: {link}"


def test_every_page_is_reached_from_the_readme() -> None:
    seen, left = set[Path](), [ROOT / "README.md"]
    while left:
        file = left.pop().resolve()
        if file.suffix == ".md" and file.is_file() and file not in seen:
            seen.add(file)
            left += [file.parent / link.partition("#")[0] for link in links(str(file.relative_to(ROOT)))]

    assert {(ROOT / document).resolve() for document in documents()} <= seen
