"""Manifests as values of charts/manifests: word for word, past the template languages of Terraform and Helm."""

import json
import re
from collections.abc import Iterator, Mapping

from cdktf import Fn

# A token in JSON in JSON: one made by `placeholder`, with its quotes, or one in a text.
_TOKEN = re.compile(r'(\\"\\\\u0000)?(\$\{TfToken\[[^\]]+\]\})(?(1)\\\\u0000\\")')
# A token in a text.
_TEXT_TOKEN = re.compile(r"(\$\{TfToken\[[^\]]+\]\})")
# Where Terraform would see a template begin: before a brace, or before what stands for a token.
_TEMPLATE_SIGNS = re.compile(r"[$%]+(?=\{|\Z)")
# What JSON allows in texts and YAML does not, or takes for the end of a line.
_NOT_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def chart_values(manifest: Mapping[str, object]) -> str:
    """The chart's values for one manifest: JSON that holds the manifest's JSON as a text.

    On one line, and nothing but JSON: Terraform takes seconds for a text of thousands of lines, and minutes for one of
    tens of thousands; of JSON its plans show the fields that change, also of JSON in JSON.

    Args:
        manifest: What JSON can hold, and texts with tokens; other tokens as `placeholder` gives them.
    """
    metadata = manifest["metadata"]
    name = metadata["name"] if isinstance(metadata, Mapping) else ""
    key = f"{manifest['apiVersion']}/{manifest['kind']}/{name}"
    return "".join(_in_terraform(_json({"manifests": {key: _json(manifest)}})))


def release_values(values: Mapping[str, object]) -> str:
    """A chart's values as JSON on one line; what is in texts stands for itself, but for tokens.

    Args:
        values: What JSON can hold; tokens of texts may stand in texts.
    """
    parts = _TEXT_TOKEN.split(_json(values))
    return "".join(_in_quotes(part) if number % 2 else _literally(part) for number, part in enumerate(parts))


def placeholder(token: object) -> str:
    """What stands in a manifest for a token that is no text: a number, a list, a map, true or false."""
    return f"\0{Fn.jsonencode(token)}\0"


def _json(value: object) -> str:
    # Not all in ASCII: YAML refuses the pairs of escapes that JSON has for emoji.
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _NOT_YAML.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)


def _in_terraform(text: str) -> Iterator[str]:
    end = 0
    for token in _TOKEN.finditer(text):
        yield _literally(text[end : token.start()])
        yield _in_quotes(token[2] if token[1] else _in_quotes(token[2]))
        end = token.end()
    yield _literally(text[end:])


def _literally(text: str) -> str:
    # Not `$${`: cdktf takes it for the beginning of an expression, and spoils the tokens that follow.
    return _TEMPLATE_SIGNS.sub(lambda signs: f'${{"{signs[0]}"}}', text)


def _in_quotes(token: str) -> str:
    """The token's text with JSON's escapes, for a place between quotes."""
    quote = Fn.raw_string('"')
    return Fn.trimsuffix(Fn.trimprefix(Fn.jsonencode(token), quote), quote)
