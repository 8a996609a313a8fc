"""A comment's text that a stranger's code may have written: made harmless, or refused."""

import os
import re
from pathlib import Path

from modelyard.errors import ConfigurationError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview.comment_format import LONGEST, MARKER
from preview.untrusted_comment import harmless, read_comment
from tests.fake_github import REPOSITORY

HEAD = "a" * 40
TEXT = f"{MARKER}\n## 1 to change\n"
PAGE = f"https://github.com/{REPOSITORY}"


@pytest.mark.parametrize(
    ("evil", "shown"),
    [
        ("ask @octo/team", "ask @|octo/team"),
        ("&commat;octo &#64;octo &#x40octo", "&|commat;octo &|#|64;octo &|#x40octo"),
        ("Fixes #12, closes other/repo#3, GH-4", "Fixes #|12, closes other/repo#|3, GH-|4"),
        (f"{PAGE}/issues/3", f"https:|//github.com/{REPOSITORY}/issues/3"),
        (f"[in]({PAGE}/blob/../../../evil/x)", f"[in]|(https:|//github.com/{REPOSITORY}/blob/../../../evil/x)"),
        (f"[in]({PAGE}/blob/%2e%2e/%2E%2E/x)", f"[in]|(https:|//github.com/{REPOSITORY}/blob/%2e%2e/%2E%2E/x)"),
        (f"[in]({PAGE}.evil.com/blob/x)", f"[in]|(https:|//github.com/{REPOSITORY}.evil.com/blob/x)"),
        ("![](https://evil.com/x.png)", "!|[]|(https:|//evil.com/x.png)"),
        ("[click](http:evil.com) [you]: //evil.com", "[click]|(http:evil.com) [you]|: //evil.com"),
        ("www.evil.com http:\\/\\/evil.com", "www|.evil.com http:|\\/\\/evil.com"),
        ("<https://evil.com>", "<|https:|//evil.com>"),
        ("<img src=x> <a href=y>z</a>", "<|img src=x> <|a href=y>z<|/a>"),
        ("<details onclick=x><!-- hidden -->", "<|details onclick=x><|!-- hidden -->"),
        (MARKER, "<|!-- modelyard preview -->"),
        ("/deploy now", "/|deploy now"),
        ("```mermaid\nx\n```", "```|mermaid\nx\n```"),
        ("> - ~~~ geojson", "> - ~~~ |geojson"),
        ("a\u202eb\u2066c\x1b[2J\u00add\u2028", "a\ufffdb\ufffdc\ufffd[2J\ufffdd\ufffd"),
    ],
)
def test_what_would_act_is_only_read(evil: str, shown: str) -> None:
    assert harmless(f"{MARKER}\n{evil}", repository=PAGE).replace("\u200b", "|") == f"{MARKER}\n{shown}"


@pytest.mark.parametrize(
    "text",
    [
        "## 2 to change\n\n| a | b |\n|---|---|\n| **1** | `x` |\n",
        "<details open><summary>gke-dev <b>1</b></summary>\n\n```diff\n- a = 1\n+ a = 2\n```\n\n</details>",
        f"[stack.py]({PAGE}/blob/{HEAD}/services/iris/service.py#L12) ({PAGE}/compare/a...b) ❌ ⚠️ ✅",
        "a &lt;b&gt; &amp;commat; 100 % | #x | 3 < 4 | a@ b",
    ],
)
def test_what_a_preview_writes_stays_as_it_is(text: str) -> None:
    assert harmless(f"{MARKER}\n{text}", repository=PAGE) == f"{MARKER}\n{text}"


@given(st.text(st.sampled_from("<>!-@#&[](): /.\\`~1aw\n\u202e" + MARKER), max_size=60))
def test_nothing_that_acts_is_left_in_any_text_and_a_second_time_changes_nothing(text: str) -> None:
    once = harmless(text)
    rest = once.removeprefix(MARKER)

    assert not re.search(r"<!|@\w|#\d|!\[|\]\(|://|<(?!/?(?:b|code|br)>)[a-z]", rest)
    assert harmless(once) == once


def test_what_is_no_plain_comment_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "comment.md"

    def refused() -> str:
        with pytest.raises(ConfigurationError) as error:
            read_comment(tmp_path)
        return error.value.what

    assert refused() == "comment.md cannot be opened: No such file or directory"
    (tmp_path / "secret").write_text(TEXT)
    file.symlink_to("secret")
    assert "cannot be opened" in refused()
    file.unlink()
    os.mkfifo(file)
    assert refused() == "comment.md is no plain file"
    file.unlink()
    file.mkdir()
    assert refused() == "comment.md cannot be opened: Is a directory"
    file.rmdir()
    file.write_text("## hello")
    assert refused() == f"the first line of comment.md is not {MARKER}"
    file.write_text(TEXT + "x" * 4 * LONGEST)
    assert refused() == "comment.md is larger than 260,000 bytes"
    file.write_text(TEXT)
    assert read_comment(tmp_path) == TEXT
