"""A model behind both versions of KServe's protocol."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import kserve
import numpy as np
from kserve import InferInput, InferOutput, InferRequest, InferResponse
from kserve.utils.numpy_codec import from_np_dtype
from numpy.typing import NDArray

from .description import Tensor
from .errors import RequestError
from .predictor import Arrays, Foreign, Predictor
from .values import array_of, from_instances, typed

_PARAMETERS = {"method", "binary_data_output"}


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request, understood."""

    arrays: Arrays
    method: str
    request: InferRequest | None


class ServedModel(kserve.Model):  # type: ignore[misc]  # kserve ships no types
    """Answers as the model in memory does.

    Args:
        name: In the paths of requests.
        predictor: The model.
        threads: How many predictions are computed at once.
    """

    def __init__(self, name: str, predictor: Predictor, threads: int) -> None:
        super().__init__(name)
        self._predictor = predictor
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="prediction")
        self.ready = True

    async def preprocess(self, payload: Foreign, headers: dict[str, str] | None = None) -> Question:
        """A request of either version, checked."""
        if isinstance(payload, InferRequest):
            return self._question_of_tensors(payload)
        if not isinstance(payload, dict) or "instances" not in payload:
            raise RequestError('the body must be a JSON object with "instances", of content type application/json')
        unknown = sorted(set(payload) - {"instances", "method"})
        if unknown:
            raise RequestError(f"{unknown[0]!r} is no key of a request: there are instances and method")
        arrays = from_instances(payload["instances"], self._predictor.inputs)
        return Question(arrays=arrays, method=self._method(payload), request=None)

    async def predict(self, payload: Question, headers: dict[str, str] | None = None) -> Foreign:
        """Outside of the loop that answers probes."""
        loop = asyncio.get_running_loop()
        outputs = await loop.run_in_executor(self._threads, self._predictor.predict, payload.arrays, payload.method)
        return payload, outputs

    async def postprocess(self, result: Foreign, headers: dict[str, str] | None = None) -> Foreign:
        """As the version of the request has it."""
        question, outputs = result
        if question.request is None:
            return {"predictions": _predictions(outputs, len(next(iter(question.arrays.values()))))}
        request = question.request
        return InferResponse(
            response_id=request.id or "",
            model_name=self.name,
            infer_outputs=[_infer_output(name, array, request) for name, array in outputs.items()],
            use_binary_outputs=request.use_binary_outputs,
        )

    def get_input_types(self) -> list[dict[str, Any]]:
        """For `GET /v2/models/NAME`."""
        return [_metadata(each) for each in self._predictor.inputs]

    def get_output_types(self) -> list[dict[str, Any]]:
        """For `GET /v2/models/NAME`; empty where the file does not say them."""
        return [_metadata(each) for each in self._predictor.outputs]

    def _question_of_tensors(self, request: InferRequest) -> Question:
        unknown = sorted(set(request.parameters or {}) - _PARAMETERS)
        if unknown:
            raise RequestError(
                f"{unknown[0]!r} is no parameter of a request: there are {', '.join(sorted(_PARAMETERS))}"
            )
        tensors = self._predictor.inputs
        given = {each.name: each for each in request.inputs}
        if len(given) == len(request.inputs) == len(tensors) == 1:
            given = {tensors[0].name: request.inputs[0]}
        if len(given) != len(request.inputs) or set(given) != {each.name for each in tensors}:
            raise RequestError(
                f"the model takes the inputs {', '.join(each.name for each in tensors)}; "
                f"{', '.join(each.name for each in request.inputs) or 'none'} was given"
            )
        arrays = {each.name: _array(given[each.name], each) for each in tensors}
        return Question(arrays=arrays, method=self._method(request.parameters or {}), request=request)

    def _method(self, of: dict[str, Any]) -> str:
        methods = self._predictor.methods
        method = of.get("method", methods[0])
        if method not in methods:
            raise RequestError(f"the model has no method {method!r}: it has {', '.join(methods)}")
        return str(method)


def _array(given: InferInput, tensor: Tensor) -> NDArray[Any]:
    try:
        if given.data is None:
            return typed(given.as_numpy(), tensor)
        shaped = np.empty(len(given.data), dtype=object)
        shaped[:] = given.data
        wanted = given.as_numpy()
    except (ValueError, TypeError, OverflowError) as error:
        raise RequestError(f"input {given.name!r} is not {given.datatype} of shape {given.shape}: {error}") from error
    if wanted.dtype.kind != "O":
        _require_kind(given, wanted)
        return typed(wanted, tensor)
    return array_of(shaped.reshape(given.shape).tolist(), tensor)


def _require_kind(given: InferInput, array: NDArray[Any]) -> None:
    """Numpy would read text as numbers and numbers as truth."""
    kinds = {bool} if array.dtype.kind == "b" else {int, float} if array.dtype.kind == "f" else {int}
    flat = given.data
    while flat and isinstance(flat[0], list):
        flat = [each for row in flat for each in row]
    if any(type(each) not in kinds for each in flat):
        raise RequestError(f"input {given.name!r} says {given.datatype}, but not all of its data is that")


def _predictions(outputs: Arrays, count: int) -> Foreign:
    if len(outputs) == 1:
        [array] = outputs.values()
        return array.tolist()
    if any(array.ndim == 0 or len(array) != count for array in outputs.values()):
        raise RequestError("the model's outputs have no row for each instance: ask by /v2/models/…/infer")
    return [dict(zip(outputs, row, strict=True)) for row in zip(*(a.tolist() for a in outputs.values()), strict=True)]


def _infer_output(name: str, array: NDArray[Any], request: InferRequest) -> InferOutput:
    output = InferOutput(name=name, shape=list(array.shape), datatype=from_np_dtype(array.dtype))
    output.set_data_from_numpy(array, binary_data=request.use_binary_outputs)
    return output


def _metadata(tensor: Tensor) -> dict[str, Any]:
    datatype = {"any": "FP64", "str": "BYTES"}.get(tensor.dtype) or from_np_dtype(np.dtype(tensor.dtype))
    shape = [-1 if each is None else each for each in tensor.shape]
    return {"name": tensor.name, "datatype": datatype, "shape": shape}
