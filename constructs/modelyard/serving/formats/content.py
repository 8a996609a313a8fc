"""What a framework's module hands on to be written."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from modelyard.serving.model_format import ModelFormat

#: An object of a framework, whose types are not at hand where the framework is not installed.
Foreign = Any


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """An input or an output.

    Attributes:
        name: As requests name it.
        dtype: numpy's name, `str`, or `any` for what may be numbers or text.
        shape: None stands for any size; the first is the batch's.
        columns: Of the data frame that the model was fitted to, in order.
        missing: Whether values may be missing.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    columns: tuple[str, ...] | None = None
    missing: bool = False

    def as_json(self) -> dict[str, Any]:
        """For model.json."""
        columns = {} if self.columns is None else {"columns": list(self.columns)}
        missing = {"missing": True} if self.missing else {}
        return {"name": self.name, "dtype": self.dtype, "shape": list(self.shape), **columns, **missing}


@dataclass(frozen=True, kw_only=True)
class Content:
    """A model as bytes, and what is needed to serve it.

    Attributes:
        format: Says the loader.
        file: The bytes of `model.<suffix of the format>`.
        libraries: Name on PyPI to version, of those that made the file.
        inputs: In the model's order.
        outputs: Where the file says them.
        methods: What can be asked for, the default first.
        estimator: The class that answers, where there is a choice.
    """

    format: ModelFormat
    file: bytes
    libraries: Mapping[str, str]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...] = ()
    methods: tuple[str, ...] = ("predict",)
    estimator: str | None = None


def versions(*names: str) -> dict[str, str]:
    """Name to version of installed distributions."""
    return {name: version(name) for name in names}
