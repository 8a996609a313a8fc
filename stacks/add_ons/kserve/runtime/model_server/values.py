"""What requests hold, as the arrays that a model takes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .description import Tensor
from .errors import RequestError
from .predictor import Foreign

_SCALARS = (str, int, float, bool, type(None))


def from_instances(instances: Foreign, tensors: Sequence[Tensor]) -> dict[str, NDArray[Any]]:
    """Of version 1: a list of rows; with several inputs, of objects with a value for each.

    Raises:
        RequestError: They are not what the model takes.
    """
    if not isinstance(instances, list) or not instances:
        raise RequestError('"instances" must be a list of at least one input')
    if len(tensors) == 1:
        return {tensors[0].name: array_of(instances, tensors[0])}
    names = [each.name for each in tensors]
    for position, instance in enumerate(instances):
        if not isinstance(instance, dict) or set(instance) != set(names):
            found = ", ".join(instance) if isinstance(instance, dict) else f"a {_kind(instance)}"
            raise RequestError(f"instances[{position}] must be an object with {', '.join(names)}, and is {found}")
    return {each.name: array_of([instance[each.name] for instance in instances], each) for each in tensors}


def array_of(values: list[Any], tensor: Tensor) -> NDArray[Any]:
    """Nested lists as an array.

    Raises:
        RequestError: Type, shape, or a missing value is not what the model takes.
    """
    try:
        array = np.array(values)
    except (ValueError, OverflowError):
        raise RequestError(f"{_wanted(tensor)}; the rows given are of several shapes") from None
    if array.dtype.kind in "UO":
        array = _objects(values, tensor)
    return _checked(array, tensor)


def typed(array: NDArray[Any], tensor: Tensor) -> NDArray[Any]:
    """An array that a request gave as such.

    Raises:
        RequestError: As `array_of`.
    """
    if array.dtype.kind == "O":
        return array_of([each.decode() if isinstance(each, bytes) else each for each in array.tolist()], tensor)
    return _checked(array, tensor)


def _objects(values: list[Any], tensor: Tensor) -> NDArray[Any]:
    """Rows with text or with missing values among them."""
    try:
        array = np.array(values, dtype=object)
    except ValueError:
        raise RequestError(f"{_wanted(tensor)}; the rows given are of several shapes") from None
    kinds = {type(each) for each in array.flat}
    if not kinds <= set(_SCALARS):
        raise RequestError(f"{_wanted(tensor)}; the rows given are of several shapes")
    if type(None) in kinds:
        if not tensor.missing:
            raise RequestError(f"{_wanted(tensor)}, without missing values; null was given")
        array[array == None] = np.nan  # noqa: E711 - compares each element
    return array if str in kinds else array.astype(np.float64)


def _checked(array: NDArray[Any], tensor: Tensor) -> NDArray[Any]:
    if array.ndim != len(tensor.shape) or any(
        wanted not in (None, size) for size, wanted in zip(array.shape, tensor.shape, strict=True)
    ):
        raise RequestError(f"{_wanted(tensor)}; shape {list(array.shape)} was given")
    if tensor.dtype == "any":
        return array
    if tensor.dtype == "str":
        if array.dtype.kind != "O" or not all(isinstance(each, str) for each in array.flat):
            raise RequestError(f"{_wanted(tensor)}; not all of what was given is text")
        return array
    if array.dtype.kind == "O":
        raise RequestError(f"{_wanted(tensor)}; text was given")
    return _cast(array, tensor)


def _cast(array: NDArray[Any], tensor: Tensor) -> NDArray[Any]:
    dtype = np.dtype(tensor.dtype)
    allowed = {"b": "b", "i": "iu", "u": "iu", "f": "iuf"}[dtype.kind]
    if array.dtype.kind not in allowed:
        raise RequestError(f"{_wanted(tensor)}; {array.dtype.name} was given")
    with np.errstate(over="ignore"):
        cast = array.astype(dtype)
    if dtype.kind == "f":
        if not (np.isfinite(cast) | (tensor.missing & np.isnan(cast))).all():
            raise RequestError(f"{_wanted(tensor)}; a number that is none or too large for it was given")
    elif (cast != array).any():
        raise RequestError(f"{_wanted(tensor)}; a number too large for it was given")
    return cast


def _wanted(tensor: Tensor) -> str:
    shape = ", ".join("any" if each is None else str(each) for each in tensor.shape)
    kind = {"any": "values", "str": "text"}.get(tensor.dtype, tensor.dtype)
    columns = f" ({', '.join(tensor.columns)})" if tensor.columns else ""
    return f"the model takes {kind} of shape [{shape}]{columns} as {tensor.name!r}"


def _kind(value: Foreign) -> str:
    return {list: "list", str: "text", type(None): "null"}.get(type(value), "number")
