"""The type checks of jsii's generated code at less cost: the same values pass, and the same errors are raised.

Generated code asks `typing.get_type_hints` for the same hints at each call, and typeguard to check each argument, those
left out as well. Here hints are remembered, and a value that typeguard is sure to accept, as far as its class tells,
passes at once. Every other value goes to typeguard, which is imported when the first one comes.
"""

import collections.abc
import functools
import inspect
import sys
import typing
from abc import ABCMeta
from collections.abc import Callable
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any, cast

from modelyard.fast_start import NotAsExpectedError

from jsii import JSIIAbstractClass, JSIIMeta

_Check = Callable[..., None]


def install() -> None:
    """Put off typeguard's import, which takes unittest and asyncio with it, until something of it is used."""
    if "typeguard" not in sys.modules and (spec := find_spec("typeguard")):
        module = module_from_spec(spec)
        module.__class__ = _ImportedAtUse
        sys.modules["typeguard"] = module


class _ImportedAtUse(ModuleType):
    """A module without its content; importlib's own LazyLoader adds it at once, as an import looks into the module."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module has
        self.__class__ = ModuleType  # type: ignore[assignment]  # it is that from here on
        spec = cast(ModuleSpec, self.__spec__)
        cast(Loader, spec.loader).exec_module(self)
        return getattr(self, name)


def lighten(generated: dict[str, object]) -> None:
    """Replace the checks of a generated module.

    Args:
        generated: The names of the module, as its functions see them.

    Raises:
        NotAsExpectedError: Its checks are not called as expected; the message says what of it.
    """
    if "jsii" not in generated:  # written by hand
        return
    stock = generated.get("check_type")
    if not inspect.isfunction(stock) or [*inspect.signature(stock).parameters] != ["argname", "value", "expected_type"]:
        raise NotAsExpectedError("has no check_type(argname, value, expected_type)")
    if generated.get("typing") is not typing:
        raise NotAsExpectedError("does not import typing")
    generated.update(typing=_typing_that_remembers(), check_type=_light(stock))


@functools.cache
def _typing_that_remembers() -> ModuleType:
    """The module `typing`, but that the hints of a function are worked out once; those of generated code are fixed."""
    module = ModuleType("typing")
    vars(module).update(vars(typing), get_type_hints=functools.cache(typing.get_type_hints))
    return module


def _light(stock: _Check) -> _Check:
    def check_type(argname: str, value: object, expected_type: object) -> None:
        hint = _HINTS.get(id(expected_type)) or _HINTS.setdefault(id(expected_type), _Hint(expected_type))
        if not hint.surely_accepts(value):
            stock(argname=argname, value=value, expected_type=expected_type)

    return check_type


class _Hint:
    """What a type hint is sure to accept.

    Known are classes, jsii's interfaces, lists and dicts, and unions of these. What else there is (other protocols,
    literals, tuples, numbers for a float, unresolved names) is left to typeguard.
    """

    def __init__(self, hint: object) -> None:
        self._hint = hint  # while it is here, no other object gets its id
        self._classes: tuple[type, ...] = ()
        self._interfaces: list[object] = []
        self._items: list[_Hint] = []
        self._values: list[_Hint] = []
        self._accepted: set[type] = set()
        self._add(hint)

    def _add(self, hint: object) -> None:
        origin, parts = typing.get_origin(hint), typing.get_args(hint)
        if origin is typing.Union:
            for part in parts:
                self._add(part)
        elif origin in {list, collections.abc.Sequence}:
            self._items.append(_Hint(parts[0]))
        elif origin in {dict, collections.abc.Mapping} and parts[0] is str:
            self._values.append(_Hint(parts[1]))
        elif hint is Any:
            self._classes += (object,)
        elif isinstance(hint, type) and _has_plain_instances(hint):
            self._classes += (hint,)
        elif hasattr(hint, "__jsii_type__"):
            self._interfaces.append(hint)

    def surely_accepts(self, value: Any) -> bool:  # noqa: ANN401 - whatever a call is given
        """Whether typeguard would accept the value; False means that it has to be asked."""
        kind: Any = type(value)
        if kind in self._accepted:
            return True
        if issubclass(kind, self._classes) or any(each in _implemented(kind) for each in self._interfaces):
            self._accepted.add(kind)
            return True
        if kind is list:
            return any(all(map(item.surely_accepts, value)) for item in self._items)
        if kind is dict:
            return {*map(type, value)} <= {str} and any(
                all(map(each.surely_accepts, value.values())) for each in self._values
            )
        return False


_HINTS: dict[int, _Hint] = {}


@functools.cache
def _implemented(kind: Any) -> frozenset[object]:  # noqa: ANN401 - a class
    """The interfaces that a class generated by jsii has, and all classes derived from it; those of jsii's as well."""
    generated = (vars(each) for each in kind.__mro__ if "__jsii_type__" in vars(each))
    declared = {each for attributes in generated for each in attributes.get("__jsii_ifaces__", ())}
    return frozenset(each for interface in declared for each in interface.__mro__)


def _has_plain_instances(kind: type) -> bool:
    """Whether typeguard asks for nothing but `isinstance`, and that for nothing but inheritance."""
    return (
        type(kind) in {type, ABCMeta, JSIIMeta, JSIIAbstractClass}
        and not issubclass(kind, (tuple, typing.IO))
        and not getattr(kind, "_is_protocol", False)
    )
