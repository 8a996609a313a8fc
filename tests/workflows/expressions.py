"""The expressions of GitHub's workflows, as far as this repo writes them: names, texts, calls and operators."""

import re
from collections.abc import Callable, Mapping

_TOKEN = re.compile(r"\s*(?:'(?:[^']|'')*'|&&|\|\||==|!=|!|\(|\)|,|[\w.-]+)")
Functions = Mapping[str, Callable[..., object]]


def evaluate(expression: str, contexts: Mapping[str, object], functions: Functions) -> object:
    """The value of an expression; what is missing in the contexts is the empty text, as on GitHub.

    Raises:
        AssertionError: It is written in a way that is not known here.
    """
    tokens = [found[0] for found in _TOKEN.finditer(expression.strip())]
    assert "".join(tokens) == expression.strip(), f"not understood: {expression}"
    return _Parser([token.strip() for token in tokens], contexts, functions).either()


class _Parser:
    def __init__(self, tokens: list[str], contexts: Mapping[str, object], functions: Functions) -> None:
        self._tokens = tokens
        self._contexts = contexts
        self._functions = functions

    def either(self) -> object:
        left = self._both()
        while self._take("||"):
            right = self._both()
            left = left or right
        return left

    def _both(self) -> object:
        left = self._equal()
        while self._take("&&"):
            right = self._equal()
            left = left and right
        return left

    def _equal(self) -> object:
        left = self._one()
        if self._take("=="):
            return left == self._one()
        if self._take("!="):
            return left != self._one()
        return left

    def _one(self) -> object:
        if self._take("!"):
            return not self._one()
        if self._take("("):
            inner = self.either()
            assert self._take(")")
            return inner
        token = self._tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self._take("("):
            return self._functions[token](*self._arguments())
        found: object = self._contexts
        for name in token.split("."):
            found = found.get(name, "") if isinstance(found, Mapping) else ""
        return found

    def _arguments(self) -> list[object]:
        arguments = []
        while not self._take(")"):
            arguments.append(self.either())
            self._take(",")
        return arguments

    def _take(self, sign: str) -> bool:
        if self._tokens[:1] == [sign]:
            del self._tokens[0]
            return True
        return False
