"""ONNX graphs: `model.onnx`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import onnxruntime
from numpy.typing import NDArray

from .description import Description, Tensor
from .errors import ModelError, RequestError
from .predictor import Arrays, Foreign, Predictor, line

_DTYPE_OF: Mapping[str, str] = MappingProxyType(
    {
        "tensor(bool)": "bool",
        "tensor(double)": "float64",
        "tensor(float)": "float32",
        "tensor(float16)": "float16",
        "tensor(int16)": "int16",
        "tensor(int32)": "int32",
        "tensor(int64)": "int64",
        "tensor(int8)": "int8",
        "tensor(string)": "str",
        "tensor(uint16)": "uint16",
        "tensor(uint32)": "uint32",
        "tensor(uint64)": "uint64",
        "tensor(uint8)": "uint8",
    }
)


class OnnxModel(Predictor):
    """A graph of tensors.

    Raises:
        ModelError: ONNX Runtime does not load it.
    """

    def __init__(self, description: Description) -> None:
        options = onnxruntime.SessionOptions()
        # Requests are answered side by side, each on one core.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                str(description.file), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime has an exception class for each of its codes, of no common base
            raise ModelError(f"{description.file} is no model that ONNX Runtime loads: {line(error)}") from error
        self.inputs = tuple(_tensor(each) for each in self._session.get_inputs())
        self.outputs = tuple(_tensor(each) for each in self._session.get_outputs())

    def predict(self, arrays: Arrays, method: str) -> dict[str, NDArray[Any]]:
        """See Predictor."""
        names = [each.name for each in self.outputs]
        try:
            return dict(zip(names, self._session.run(names, dict(arrays)), strict=True))
        except Exception as error:  # as above; sizes that fit the signature can still be too small for a layer
            raise RequestError(f"the model does not take these values: {line(error)}") from error


def _tensor(value: Foreign) -> Tensor:
    dtype = _DTYPE_OF.get(value.type)
    if dtype is None:
        raise ModelError(f"{value.name} is a {value.type}, which requests and answers cannot be")
    # A size that is not fixed is a name or None.
    return Tensor(
        name=value.name, dtype=dtype, shape=tuple(size if isinstance(size, int) else None for size in value.shape)
    )
