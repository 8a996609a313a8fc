"""The simple commands of shell text, for looking at commands that cannot be run here."""

import re
import shlex
from collections.abc import Iterator

_SEPARATORS = re.compile(r"[();<>|&]+|\n")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_HEREDOC = re.compile(r"<<-?'?(\w+)'?[^\n]*\n.*?^\1$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"(^|\s)#[^\n]*", re.MULTILINE)
_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")


def simple_commands(text: str) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Each command's variables before it, and its words; those within `$(…)` too, before the one around them."""
    text = _COMMENT.sub("", _HEREDOC.sub("", text)).replace("\\\n", " ")
    for inner in _SUBSTITUTION.findall(text):
        yield from simple_commands(inner)
    lexer = shlex.shlex(text, posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace, lexer.commenters = " \t\r", ""
    words: list[str] = []
    for word in [*lexer, ";"]:
        if not _SEPARATORS.fullmatch(word):
            words.append(word)
            continue
        # What follows `>` or `<` is a file, no command.
        if words and word[0] not in "<>":
            yield _without_assignments(words)
            words = []


def _without_assignments(words: list[str]) -> tuple[dict[str, str], list[str]]:
    variables: dict[str, str] = {}
    rest = list(words)
    while rest and _ASSIGNMENT.fullmatch(rest[0]):
        name, _, value = rest.pop(0).partition("=")
        variables[name] = value
    return variables, rest
