"""AlexNet as an ONNX graph: the layers of torchvision.models.alexnet, their sizes taken from the weights."""

from collections.abc import Mapping
from typing import NamedTuple

import onnx
from onnx import TensorProto, helper, numpy_helper

from .checkpoint import Tensor
from .errors import ExportError

IMAGE_SIDE = 224  # pixels
_FEATURE_SIDE = 6  # what torchvision's adaptive pooling asks for: at 224 pixels it has nothing left to do
_OPSET = 17
_IR_VERSION = 8


class _Convolution(NamedTuple):
    """What the weights do not tell of a convolution. Each is followed by ReLU, some by a 3x3 max pool of stride 2."""

    name: str
    stride: int
    padding: int
    pooled: bool


_CONVOLUTIONS = (
    _Convolution("features.0", stride=4, padding=2, pooled=True),
    _Convolution("features.3", stride=1, padding=2, pooled=True),
    _Convolution("features.6", stride=1, padding=1, pooled=False),
    _Convolution("features.8", stride=1, padding=1, pooled=False),
    _Convolution("features.10", stride=1, padding=1, pooled=True),
)
_LINEARS = ("classifier.1", "classifier.4", "classifier.6")


def build_alexnet(weights: Mapping[str, Tensor]) -> onnx.ModelProto:
    """Builds the network from normalised pixels to probabilities.

    Args:
        weights: torchvision's sixteen tensors by name; the widths of the layers are free.

    Returns:
        A checked model: input `image` float32 [n, 3, 224, 224], output `probabilities` float32 [n, classes].

    Raises:
        ExportError: a tensor is missing, unknown, or does not fit the one before it.
    """
    _check_names(weights)
    nodes = []
    value, channels, side = "image", 3, IMAGE_SIDE
    for layer in _CONVOLUTIONS:
        channels, side = _convolved(weights, layer, channels, side)
        nodes += _convolution_nodes(layer, value)
        value = nodes[-1].output[0]
    if side != _FEATURE_SIDE:
        raise ExportError(f"the features are {side}x{side} pixels, AlexNet's are {_FEATURE_SIDE}x{_FEATURE_SIDE}")
    nodes.append(helper.make_node("Flatten", [value], ["flat"]))
    value, width = "flat", channels * side * side
    for name in _LINEARS:
        width = _fitting(weights, name, (width,))
        nodes.append(helper.make_node("Gemm", [value, f"{name}.weight", f"{name}.bias"], [name], transB=1))
        nodes.append(helper.make_node("Relu", [name], [f"{name}.relu"]))
        value = f"{name}.relu"
    nodes[-1] = helper.make_node("Softmax", [_LINEARS[-1]], ["probabilities"], axis=1)
    graph = helper.make_graph(
        nodes,
        "alexnet",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["pictures", 3, IMAGE_SIDE, IMAGE_SIDE])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["pictures", width])],
        [numpy_helper.from_array(tensor, name) for name, tensor in weights.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION, producer_name="modelyard"
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _check_names(weights: Mapping[str, Tensor]) -> None:
    layers = [layer.name for layer in _CONVOLUTIONS] + list(_LINEARS)
    expected = {f"{layer}.{part}" for layer in layers for part in ("weight", "bias")}
    if missing := sorted(expected - set(weights)):
        raise ExportError(f"not AlexNet's weights: no tensor {missing[0]} ({len(missing)} missing)")
    if unknown := sorted(set(weights) - expected):
        raise ExportError(f"not AlexNet's weights: the tensor {unknown[0]} is unknown ({len(unknown)} too many)")


def _fitting(weights: Mapping[str, Tensor], layer: str, inputs: tuple[int, ...]) -> int:
    """The width of a layer whose weight must be [width, *inputs] and whose bias [width]."""
    weight, bias = weights[f"{layer}.weight"].shape, weights[f"{layer}.bias"].shape
    if weight[1:] != inputs or bias != weight[:1]:
        wanted = ", ".join(str(size) for size in inputs)
        raise ExportError(f"{layer}: weight {list(weight)} and bias {list(bias)}, expected [n, {wanted}] and [n]")
    return int(weight[0])


def _convolved(weights: Mapping[str, Tensor], layer: _Convolution, channels: int, side: int) -> tuple[int, int]:
    """Channels and side (pixels) that a convolution and its pool leave, checked against its weights."""
    kernel = weights[f"{layer.name}.weight"].shape[-1]
    channels = _fitting(weights, layer.name, (channels, kernel, kernel))
    side = (side + 2 * layer.padding - kernel) // layer.stride + 1
    return channels, (side - 3) // 2 + 1 if layer.pooled else side


def _convolution_nodes(layer: _Convolution, value: str) -> list[onnx.NodeProto]:
    name = layer.name
    nodes = [
        helper.make_node(
            "Conv",
            [value, f"{name}.weight", f"{name}.bias"],
            [name],
            strides=[layer.stride] * 2,
            pads=[layer.padding] * 4,
        ),
        helper.make_node("Relu", [name], [f"{name}.relu"]),
    ]
    if layer.pooled:
        pool = helper.make_node("MaxPool", [f"{name}.relu"], [f"{name}.pool"], kernel_shape=[3, 3], strides=[2, 2])
        nodes.append(pool)
    return nodes
