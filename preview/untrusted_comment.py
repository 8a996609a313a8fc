"""The comment that a pull request's own code has written, read as data and made fit to be posted.

Whoever opens a pull request decides what stands in its artifact. The text keeps its headings, tables, folded parts and
code; what would act outside of it no longer does: it pings nobody, refers to no issue, leads nowhere but into this
repository, loads nothing, hides nothing. A character without width, put into the middle, takes such a thing apart; in
code, where entities or backslashes would be seen, that changes nothing to the eye. The artifact has the text as it was.
"""

import os
import re
import stat
import unicodedata
from pathlib import Path
from typing import Final

from modelyard.errors import ConfigurationError

from preview.comment_format import LONGEST, MARKER

FILE: Final = "comment.md"
# UTF-8 needs up to four bytes for a character.
_MOST_BYTES = 4 * LONGEST
# Takes a syntax apart; it is left alone where it stands already, so that what is harmless stays as it is.
_APART = "\N{ZERO WIDTH SPACE}"
_TAGS = ("b", "br", "br/", "code", "details", "details open", "em", "strong", "sub", "summary", "sup")
_TAG = rf"<(?:{'|'.join(_TAGS)})>|</(?:{'|'.join(tag for tag in _TAGS if ' ' not in tag)})>"
_ENTITY = r"&(?:amp|lt|gt|quot|apos|nbsp|#39|#x27|#96|#124);"
# Others become diagrams and maps, which load programs and may hold links.
_LANGUAGES = ("console", "diff", "hcl", "json", "markdown", "python", "text", "toml", "yaml")
# What acts, up to the place where it is taken apart. Backslashes before signs vanish when Markdown is read.
_ACTING = (
    r"<(?=[A-Za-z/!?])",  # any other tag, comment or <https://…>
    r"&(?=#|\w+;)",  # any other entity: one of them is an @
    r"!(?=\[)",  # an image, fetched from where it likes
    r"\](?=[(\[:])",  # a link, and where one is defined
    r":(?=\\?/\\?/)",  # what becomes a link by itself
    r"\bwww(?=\\?\.)",
    r"\b(?:mailto|xmpp):(?=\S)",
    r"@(?=\w)",  # a mention, a mail address
    r"#(?=\d)",  # an issue: #1, owner/name#1
    r"\bGH-(?=\d)",
    r"^[ \t]*/(?=[A-Za-z])",  # a command to a bot
    rf"^[ \t>*+\-\d.)]*(?:`{{3,}}|~{{3,}})[ \t]*(?!(?:{'|'.join(_LANGUAGES)})[ \t]*$)(?=[^`~\s{_APART}])",
)
_CUT = "**Cut here: the whole of it is in the artifact.**"


def read_comment(folder: Path) -> str:
    """Gives the text of `comment.md` as it came.

    Args:
        folder: Where the untrusted job's artifact was unpacked.

    Raises:
        ConfigurationError: No plain file is there, or what it holds is no preview's comment.
    """
    file = folder / FILE
    try:
        with open(file, "rb", opener=_opener) as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise _refused(f"{FILE} is no plain file")
            content = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _refused(f"{FILE} cannot be opened: {error.strerror}") from error
    if len(content) > _MOST_BYTES:
        raise _refused(f"{FILE} is larger than {_MOST_BYTES:,} bytes")
    text = content.decode(errors="replace")
    if text.partition("\n")[0] != MARKER:
        raise _refused(f"the first line of {FILE} is not {MARKER}")
    return text


def _opener(path: str, flags: int) -> int:
    # A link could name any file of the machine that posts, and a pipe would never end.
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def harmless(text: str, *, repository: str = "") -> str:
    """Gives the same to read, which does nothing but be read; links stay where they lead into the repository.

    Args:
        text: Markdown of anybody's. A first line that is the marker stays; no other HTML comment does.
        repository: The address of its page: `https://github.com/owner/name`. Without it, no link stays.
    """
    first, newline, rest = text.replace("\r\n", "\n").partition("\n")
    if first != MARKER:
        return _shortened("", _apart(_visible(text), repository))
    return _shortened(f"{first}{newline}", _apart(_visible(rest), repository))


def _visible(text: str) -> str:
    """What controls, reorders or hides text becomes a sign that something stood there."""
    unseen = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
    return "".join(
        each
        if each in ("\n", "\t", _APART) or unicodedata.category(each) not in unseen
        else "\N{REPLACEMENT CHARACTER}"
        for each in text.replace("\r\n", "\n").replace("\r", "\n")
    )


def _apart(text: str, repository: str) -> str:
    # Files, commits and runs, without issues. A browser would go up by /../, into another repository.
    inside = r"(?:(?!/\.\.?(?![\w.-])|%2e)[\w./=?%#-])+"
    pages = rf"{re.escape(repository)}/(?:actions/runs|blob|commit|compare|tree)(?=/){inside}" if repository else "(?!)"
    return re.sub(
        # What is allowed comes first: of two that fit at a place, the first counts.
        rf"(?P<allowed>{_TAG}|{_ENTITY}|\]\({pages}\)|(?<![\w/.:@-]){pages}(?=[\s)|]|$))|(?:{'|'.join(_ACTING)})",
        lambda found: found[0] if found["allowed"] else found[0] + _APART,
        text,
        flags=re.MULTILINE | re.IGNORECASE,
    )


def _shortened(marker: str, text: str) -> str:
    if len(marker) + len(text) <= LONGEST:
        return marker + text
    # The note comes first: at the end, an open fence or fold would swallow it.
    head = f"{marker}{_CUT}\n\n"
    kept = text[: LONGEST - len(head)]
    return head + (kept.rpartition("\n")[0] or kept)


def _refused(what: str) -> ConfigurationError:
    return ConfigurationError(what, mend="look at the run that wrote the artifact: nothing is posted of it")
