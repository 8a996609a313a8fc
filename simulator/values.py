"""Terraform values on the wire: msgpack, with an extension type for values that are not known yet."""

from typing import Any, Final

import msgpack  # type: ignore[import-untyped]  # ships no types
from tf.gen.tfplugin_pb2 import DynamicValue  # type: ignore[import-untyped]  # ships no types


class Unknown:
    """The type of `UNKNOWN`, which stands for a value that is known only after apply."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()

# Plain data as JSON has it, with UNKNOWN at any place.
Value = Any


def is_given(value: object) -> bool:
    """Says whether an argument has a value that is known."""
    return value not in (None, "", [], UNKNOWN)


def decode(wire: DynamicValue) -> Value:
    """Gives the plain data of a value Terraform sent."""
    return msgpack.unpackb(wire.msgpack, ext_hook=lambda _code, _data: UNKNOWN, strict_map_key=False)


def encode(value: Value) -> DynamicValue:
    """Gives the value in the form Terraform reads."""
    return DynamicValue(msgpack=msgpack.packb(value, default=_encode_unknown))


def _encode_unknown(value: object) -> msgpack.ExtType:
    if value is UNKNOWN:
        return msgpack.ExtType(0, b"\0")
    raise TypeError(f"no Terraform value: {value!r}")
