"""ONNX graphs: those given as such, and what Keras and PyTorch are exported to."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from modelyard.errors import ConfigurationError
from modelyard.serving.formats.answers import require_equal
from modelyard.serving.formats.content import Content, Foreign, Tensor, versions

import numpy as np
import onnx
import onnxruntime

_WHERE = "model"
# Protocol Buffers cannot hold more.
_LARGEST_BYTES = 2**31 - 1
_DTYPE_OF = {
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


def content(model: Foreign, example: Foreign) -> Content:
    """A ModelProto with all of its weights.

    Raises:
        ConfigurationError: ONNX Runtime does not load it, or not all of its inputs and outputs are tensors.
    """
    graph = Graph(model)
    if example is not None:
        arrays = arrays_of(example)
        # There is nothing but ONNX Runtime to compare with: it is enough that it takes the example.
        graph.answers(arrays)
    return graph.content({"onnx": versions("onnx")["onnx"]})


def arrays_of(example: Foreign) -> list[Any]:
    """An example as one array for each input."""
    return [np.asarray(each) for each in (example if isinstance(example, tuple) else (example,))]


class Graph:
    """A graph that ONNX Runtime has loaded.

    Args:
        model: An onnx.ModelProto; it is changed in place: what tells of the machine that made it is removed.

    Raises:
        ConfigurationError: As `content`.
    """

    def __init__(self, model: Foreign) -> None:
        _forget_origins(model)
        try:
            self.file = bytes(model.SerializeToString(deterministic=True))
        except ValueError as error:
            raise ConfigurationError(
                f"the model is larger than {_LARGEST_BYTES >> 30} GiB, which one ONNX file cannot be",
                mend="serve a smaller one, for example in float16",
                where=_WHERE,
            ) from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(self.file, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has an exception class for each of its codes, of no common base
            raise ConfigurationError(
                f"ONNX Runtime {onnxruntime.__version__} does not load it: {_line(error)}",
                mend="load all of the weights with it, and use operators that ONNX Runtime has",
                where=_WHERE,
            ) from error
        self.inputs = tuple(_tensor(each) for each in self._session.get_inputs())
        self.outputs = tuple(_tensor(each) for each in self._session.get_outputs())

    def content(self, libraries: dict[str, str]) -> Content:
        """To be written."""
        return Content(format="onnx", file=self.file, libraries=libraries, inputs=self.inputs, outputs=self.outputs)

    def answers(self, arrays: Sequence[Any]) -> list[Any]:
        """The outputs for one array for each input.

        Raises:
            ConfigurationError: The graph does not take them.
        """
        try:
            return list(self._session.run(None, {t.name: a for t, a in zip(self.inputs, arrays, strict=True)}))
        except Exception as error:  # as above
            raise ConfigurationError(
                f"the saved model does not take the example: {_line(error)}",
                mend="give a batch for each of "
                + ", ".join(f"{t.name} {t.dtype}{_shown(t.shape)}" for t in self.inputs),
                where="example",
            ) from error

    def require_answers(self, arrays: Sequence[Any], own: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        """Compares with the model itself, on the batch and on its first row: an export may hold on to a batch's size.

        Raises:
            ConfigurationError: They differ.
        """
        for batch in (arrays, [each[:1] for each in arrays]):
            require_equal(self.answers(batch), own(batch))


def rename(model: Foreign, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Gives a graph's inputs and outputs these names, and numbers to all that is between.

    Args:
        model: An onnx.ModelProto, changed in place. Its names come from how many layers its process has made before.
        inputs: In order.
        outputs: In order.
    """
    names = {"": ""}
    for values, new in ((model.graph.input, inputs), (model.graph.output, outputs)):
        names.update({value.name: name for value, name in zip(values, new, strict=True)})

    def numbered(name: str) -> str:
        return names.setdefault(name, f"v{len(names)}")

    for graph in _graphs(model.graph):
        _order_by_use(graph)
        for value in (*graph.input, *graph.output, *graph.initializer):
            value.name = numbered(value.name)
        for node in graph.node:
            node.name = ""
            node.input[:] = [numbered(each) for each in node.input]
            node.output[:] = [numbered(each) for each in node.output]
        graph.name = "graph"
        del graph.value_info[:]
    for value in (*model.graph.input, *model.graph.output):
        for position, size in enumerate(value.type.tensor_type.shape.dim):
            if not size.HasField("dim_value"):
                size.dim_param = f"{value.name}_{position}" if position else "batch"


def _order_by_use(graph: Foreign) -> None:
    """Puts the weights in the order in which nodes want them: tf2onnx has them in the order of their names' hashes."""
    used = {
        name: number for number, name in enumerate(dict.fromkeys(name for node in graph.node for name in node.input))
    }
    ordered = sorted(graph.initializer, key=lambda each: used.get(each.name, len(used)))
    del graph.initializer[:]
    graph.initializer.extend(ordered)


def _graphs(graph: Foreign) -> Iterator[Any]:
    """The graph and those within its nodes: the branches of If, the bodies of Loop."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
                yield from _graphs(inner)


def _forget_origins(model: Foreign) -> None:
    """Removes texts for people, in which exporters leave stack traces with their machine's paths."""
    model.ClearField("doc_string")
    for graph in (*_graphs(model.graph), *model.functions):
        graph.ClearField("doc_string")
        graph.ClearField("metadata_props")
        values = () if isinstance(graph, onnx.FunctionProto) else (*graph.input, *graph.output, *graph.initializer)
        for each in (*graph.node, *values, *graph.value_info):
            each.ClearField("doc_string")
            each.ClearField("metadata_props")


def _tensor(value: Foreign) -> Tensor:
    dtype = _DTYPE_OF.get(value.type)
    if dtype is None:
        hint = "; convert with options={'zipmap': False}" if value.type.startswith("seq(") else ""
        raise ConfigurationError(
            f"{value.name} is a {value.type}, which requests and answers cannot be",
            mend=f"make it a tensor of {', '.join(_DTYPE_OF.values())}{hint}",
            where=_WHERE,
        )
    # A size that is not fixed is a name or None.
    return Tensor(
        name=value.name, dtype=dtype, shape=tuple(size if isinstance(size, int) else None for size in value.shape)
    )


def _shown(shape: Sequence[int | None]) -> str:
    return "[" + ", ".join("any" if size is None else str(size) for size in shape) + "]"


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
