"""Changes as lines with symbols, which a block ```diff colours: + comes, - goes, ! changes, # explains."""

import json
from collections.abc import Iterator
from typing import Final

from preview.changes import Action, Change, Leaf
from preview.redaction import Redactor
from preview.values import ABSENT, Mark, Value

_SYMBOLS: Final = {
    Action.CREATE: "+",
    Action.UPDATE: "!",
    Action.REPLACE: "!",
    Action.DELETE: "-",
    Action.FORGET: "-",
    Action.NOTHING: "#",
}
_WORDS: Final = {
    Action.REPLACE: " is replaced",
    Action.FORGET: " is forgotten: it stays, and is not managed any more",
}


def lines(change: Change, redactor: Redactor, *, longest: int) -> Iterator[str]:
    """A change's lines: the resource, then each value.

    Args:
        change: Of a resource.
        redactor: Takes secrets out of values.
        longest: How many characters of a value are shown, at most.
    """
    symbol = _SYMBOLS[change.action]
    yield f"{symbol} {change.address}{_WORDS.get(change.action, '')}"
    if change.moved_from:
        yield f"#   moved from {change.moved_from}"
    if change.imported:
        yield f"#   imported: {shown(change.imported, redactor, longest=longest)}"
    for leaf in change.leaves:
        yield f"{symbol}   {_leaf(leaf, change.action, redactor, longest)}"


def _leaf(leaf: Leaf, action: Action, redactor: Redactor, longest: int) -> str:
    before, after = (shown(value, redactor, longest=longest) for value in (leaf.before, leaf.after))
    if action is Action.CREATE:
        return f"{leaf.path}: {after}"
    if action in (Action.DELETE, Action.FORGET):
        return f"{leaf.path}: {before}"
    hidden = Mark.HIDDEN in (leaf.before, leaf.after) and before == after
    values = f"{before} → {after}{' (another value)' if hidden else ''}"
    return f"{leaf.path}: {values}{' # forces the replacement' if leaf.replaces else ''}"


def shown(value: Value, redactor: Redactor, *, longest: int) -> str:
    """A value in one line, as JSON, without secrets."""
    if isinstance(value, Mark) or value is ABSENT:
        return str(value)
    text = json.dumps(redactor.value(value), ensure_ascii=False)
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def fenced(text: str) -> str:
    """A block that GitHub colours; its fence is longer than any in the text."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}diff\n{text}\n{fence}"
