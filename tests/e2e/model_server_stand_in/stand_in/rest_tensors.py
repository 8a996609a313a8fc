"""Tensors in the JSON of the REST API: rows under `instances`, or columns under `inputs`."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf  # type: ignore[import-untyped]

from .errors import ServingError, invalid
from .models import Arrays

_JSON_TYPES = {type(None): "Null", dict: "Object", list: "Array", str: "String", int: "Number", float: "Number"}


def parse_body(body: bytes) -> dict[str, Any]:
    """A request's JSON object, whose signature name, if any, is a string."""
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    try:
        document = json.loads(body)
    except json.JSONDecodeError as error:
        raise invalid(f"JSON Parse error: Invalid value. at offset: {error.pos}") from None
    except UnicodeDecodeError as error:
        raise invalid(f"JSON Parse error: Invalid encoding in string. at offset: {error.start}") from None
    if not isinstance(document, dict):
        raise _of_value(document, "Is not object")
    if not isinstance(document.get("signature_name", ""), str):
        raise _of_value(document, "not formatted correctly. 'signature_name' key must be a string value.")
    return document


def inputs_of(document: dict[str, Any], wanted: Mapping[str, Any]) -> Arrays:
    """The arrays that a request gives for a signature's inputs, by name."""
    if "instances" in document:
        if "inputs" in document:
            raise _of_value(
                document, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
            )
        instances = document["instances"]
        if not isinstance(instances, list):
            raise _of_value(document, "Expecting 'instances' to be an list/array")
        if not instances:
            raise _of_value(document, "No values in 'instances' array")
        return _of_instances(instances, wanted)
    if "inputs" not in document:
        raise invalid("Missing 'inputs' or 'instances' key")
    inputs = document["inputs"]
    if not isinstance(inputs, dict):
        inputs = {next(iter(wanted)): inputs}
    for name in wanted:
        if name not in inputs:
            raise invalid(f"Missing named input: {name} in 'inputs' object.")
    return {name: _array(inputs[name], info) for name, info in wanted.items()}


def _of_instances(instances: list[Any], wanted: Mapping[str, Any]) -> Arrays:
    rows: dict[str, list[Any]] = {name: [] for name in wanted}
    named = isinstance(instances[0], dict)
    for place, instance in enumerate(instances):
        if isinstance(instance, dict) != named:
            raise invalid(
                f"Expecting object but got list at item {place} of input list"
                if named
                else f"Expecting value/list but got object at item {place} of input list"
            )
        row = instance if named else {next(iter(wanted)): instance}
        for name, value in row.items():
            where = f"Failed to process element: {place}{f' key: {name}' if named else ''} of 'instances' list."
            if name not in wanted:
                raise invalid(f"{where} Error: INVALID_ARGUMENT: JSON object: does not have named input: {name}")
            try:
                array = _array(value, wanted[name])
                _require_shape_of_first(array, rows[name])
            except ServingError as error:
                raise invalid(f"{where} Error: {error}") from None
            rows[name].append(array)
        if set(row) != set(wanted):
            raise invalid(
                f"Failed to process element: {place} of 'instances' list. JSON object: {json.dumps(instance)[:256]} "
                f"keys must be equal to: {','.join(sorted(wanted))}"
            )
    return {name: np.stack(arrays) for name, arrays in rows.items()}


def _require_shape_of_first(array: Any, before: list[Any]) -> None:  # noqa: ANN401 - arrays of any kind
    if before and before[0].size != array.size:
        raise invalid(f"Expecting tensor size: {before[0].size} but got: {array.size}")
    if before and before[0].shape != array.shape:
        raise invalid(f"Expecting shape {_shape(before[0].shape)} but got: {_shape(array.shape)}")


def _shape(sizes: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, sizes))}]"


def _array(value: Any, info: Any) -> Any:  # noqa: ANN401 - JSON, a TensorInfo, an array
    shape, first = [], value
    while isinstance(first, list):
        shape.append(len(first))
        if not first:
            break
        first = first[0]
    dtype = tf.dtypes.as_dtype(info.dtype)
    numbers: list[float] = []
    _collect(value, shape, 0, dtype.name, numbers)
    return np.array(numbers, dtype.as_numpy_dtype).reshape(shape)


def _collect(value: Any, shape: list[int], level: int, dtype: str, numbers: list[float]) -> None:  # noqa: ANN401
    if not isinstance(value, list):
        if level != len(shape):
            raise _of_value(
                value, f"found at incorrect level: {level + 1} in the JSON DOM. Expected at level: {len(shape)}"
            )
        if isinstance(value, bool) or not isinstance(value, int | float):
            kind = str(value) if isinstance(value, bool) else _JSON_TYPES[type(value)]
            raise _of_value(value, f"Type: {kind} is not of expected type: {dtype.removesuffix('32')}")
        numbers.append(value)
        return
    if level >= len(shape):
        raise invalid(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
        )
    for each in value:
        _collect(each, shape, level + 1, dtype, numbers)


def outputs_as(document: dict[str, Any], outputs: Arrays) -> str:
    """The answer in the form of the request."""
    lists = {name: _lists(array) for name, array in outputs.items()}
    [first, *others] = lists.values()
    if "inputs" in document:
        return json.dumps({"outputs": lists if others else first}, indent=4)
    rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    return json.dumps({"predictions": rows if others else first}, indent=4)


def _lists(array: Any) -> Any:  # noqa: ANN401 - an array, or one of its numbers
    # The shortest text that is read as the same number of 32 bits, not that of the 64 bits next to it.
    return [_lists(each) for each in array] if array.ndim else float(str(array))


def _of_value(value: Any, what: str) -> ServingError:  # noqa: ANN401 - any JSON
    return invalid(f"JSON Value: {json.dumps(value)[:256]} {what}")
