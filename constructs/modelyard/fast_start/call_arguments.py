"""What a call hands to Node, gathered without the detour by each struct's properties.

A struct of jsii's, such as `DeploymentV1Spec`, keeps what it was given in a dict; each of its properties reads one key
of that, and makes up a type on the way. jsii reads all of the properties, and sends a null for what is not set, which
Node drops.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from modelyard.fast_start import NotAsExpectedError, warn

from jsii import _kernel, _reference_map

_PLAIN = frozenset({str, int, float, bool, type(None)})


@functools.cache
def install() -> None:
    """Take the place of jsii's own function, once.

    Raises:
        NotAsExpectedError: jsii has no such function, or no list of its structs.
    """
    if not hasattr(_kernel, "_make_reference_for_native") or not hasattr(_reference_map, "_data_types"):
        raise NotAsExpectedError("this version of jsii gathers a call's arguments in another way")
    convert = _Conversion(_kernel._make_reference_for_native, _reference_map._data_types)
    _kernel._make_reference_for_native = convert  # type: ignore[assignment]  # called as the function is


class _Conversion:
    """Does the common, and leaves all else to jsii."""

    def __init__(self, stock: Callable[[Any, Any], Any], structs: Mapping[str, Any]) -> None:
        self._stock = stock
        self._structs = structs
        self._names: dict[type, Mapping[str, str] | None] = {}

    def __call__(self, kernel: object, value: Any) -> Any:  # noqa: ANN401 - whatever a call is given
        """Give what JSON is written from; objects that have a reference stay as they are."""
        kind: Any = type(value)
        if kind in _PLAIN:
            return value
        if kind is list:
            return [self(kernel, each) for each in value]
        if kind is dict:
            return {"$jsii.map": {name: self(kernel, each) for name, each in value.items()}}
        if kind not in self._names:
            self._names[kind] = self._names_in_node(kind)
        if names := self._names[kind]:
            given = value._values
            data = {name: self(kernel, given[key]) for key, name in names.items() if given.get(key) is not None}
            # Else it is empty, which Node tells from nulls, or something required is missing, which jsii reports.
            if data and len(data) == len(given):
                return {"$jsii.struct": {"fqn": kind.__jsii_type__, "data": data}}
        return self._stock(kernel, value)

    def _names_in_node(self, kind: Any) -> Mapping[str, str] | None:  # noqa: ANN401 - a class with jsii's attributes
        """Each field of a struct and its name in Node; None if it is no struct, or a class derived from one."""
        is_struct = self._structs.get(getattr(kind, "__jsii_type__", "")) is kind
        if not is_struct:
            return None
        if "_values" not in kind.__init__.__code__.co_names:
            warn(f"{kind.__module__} does not keep a struct's fields in _values")
            return None
        names: Mapping[str, str] = kind.__jsii_name_mapping__
        return names
