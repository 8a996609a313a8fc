"""AlexNet for tests, narrow or not: random weights, PyTorch's file format written by hand, a forward pass in numpy."""

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

CLASSES = 1000
_KERNELS = {"features.0": 11, "features.3": 5, "features.6": 3, "features.8": 3, "features.10": 3}


class Sizes(NamedTuple):
    """The channels before and after each convolution, and the width of the hidden linear layers."""

    channels: tuple[int, int, int, int, int, int]
    hidden: int


NARROW_SIZES = Sizes((3, 8, 12, 16, 12, 12), 32)
TORCHVISIONS_SIZES = Sizes((3, 64, 192, 384, 256, 256), 4096)


def random_weights(seed: int = 0, sizes: Sizes = NARROW_SIZES) -> dict[str, Array]:
    """Sixteen tensors with torchvision's names, and 1000 classes."""
    random = np.random.default_rng(seed)
    shapes = {
        name: (sizes.channels[index + 1], sizes.channels[index], kernel, kernel)
        for index, (name, kernel) in enumerate(_KERNELS.items())
    }
    linear = (sizes.channels[-1] * 6 * 6, sizes.hidden, sizes.hidden, CLASSES)
    shapes |= {f"classifier.{layer}": (linear[i + 1], linear[i], 0, 0) for i, layer in enumerate((1, 4, 6))}
    weights = {}
    for name, shape in shapes.items():
        real = tuple(size for size in shape if size)
        spread = 2 / np.sqrt(np.prod(real[1:]))
        weights[f"{name}.weight"] = random.normal(0, spread, real).astype(np.float32)
        weights[f"{name}.bias"] = random.normal(0, 0.1, real[:1]).astype(np.float32)
    return weights


def write_checkpoint(path: Path, weights: Mapping[str, Array], *, parameters: bool = False) -> None:
    """Writes what torch.save writes for a state.

    Args:
        path: the file.
        weights: tensors by name.
        parameters: in the form of PyTorch 1.6, as AlexNet's published weights are: parameters, and storages named by
            their place in memory; else in the form of today's PyTorch.
    """
    keys = [str(94_000_000_000_000 + 64 * index) if parameters else str(index) for index in range(len(weights))]
    items = b"".join(
        _text(name) + _tensor(tensor, key, parameter=parameters)
        for key, (name, tensor) in zip(keys, weights.items(), strict=True)
    )
    root = "archive" if parameters else path.stem
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{root}/data.pkl", b"\x80\x02" + _ORDERED_DICT + b"(" + items + b"u.")
        if not parameters:
            archive.writestr(f"{root}/byteorder", "little")
        for key, tensor in zip(keys, weights.values(), strict=True):
            archive.writestr(f"{root}/data/{key}", tensor.astype("<f4").tobytes())
        archive.writestr(f"{root}/version", "3\n")


# Opcodes of pickle protocol 2: c global, R reduce, Q persistent id, ( mark, t tuple, ) empty tuple, u set items.
_ORDERED_DICT = b"ccollections\nOrderedDict\n)R"
_FALSE, _TRUE = b"\x89", b"\x88"


def _tensor(tensor: Array, key: str, *, parameter: bool) -> bytes:
    storage = (
        b"(" + _text("storage") + b"ctorch\nFloatStorage\n" + _text(key) + _text("cpu") + _int(tensor.size) + b"tQ"
    )
    size = b"(" + b"".join(_int(size) for size in tensor.shape) + b"t"
    stride = b"(" + b"".join(_int(stride // tensor.itemsize) for stride in tensor.strides) + b"t"
    data = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + _int(0) + size + stride + _FALSE + _ORDERED_DICT + b"tR"
    if not parameter:
        return data
    return b"ctorch._utils\n_rebuild_parameter\n(" + data + _TRUE + _ORDERED_DICT + b"tR"


def _text(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def _int(number: int) -> bytes:
    return b"J" + struct.pack("<i", number)


def probabilities(weights: Mapping[str, Array], image: Array) -> Array:
    """The network after torchvision's source, in float64; `image` is [1, 3, 224, 224], the result [classes]."""
    value = image[0].astype(np.float64)
    for name, stride, padding, pooled in (
        ("features.0", 4, 2, True),
        ("features.3", 1, 2, True),
        ("features.6", 1, 1, False),
        ("features.8", 1, 1, False),
        ("features.10", 1, 1, True),
    ):
        kernels = weights[f"{name}.weight"]
        padded = np.pad(value, ((0, 0), (padding, padding), (padding, padding)))
        windows = _windows(padded, kernels.shape[-1], stride)
        value = np.einsum("oikl,iyxkl->oyx", kernels, windows, optimize=True)
        value = np.maximum(value + weights[f"{name}.bias"][:, None, None], 0)
        if pooled:
            value = _windows(value, 3, 2).max(axis=(3, 4))
    value = value.reshape(-1)
    for name in ("classifier.1", "classifier.4"):
        value = np.maximum(weights[f"{name}.weight"] @ value + weights[f"{name}.bias"], 0)
    logits = weights["classifier.6.weight"] @ value + weights["classifier.6.bias"]
    exponentials = np.exp(logits - logits.max())
    result: Array = (exponentials / exponentials.sum()).astype(np.float32)
    return result


def _windows(value: npt.NDArray[np.float64], side: int, stride: int) -> npt.NDArray[np.float64]:
    """[channels, rows, columns, side, side]"""
    return np.lib.stride_tricks.sliding_window_view(value, (side, side), axis=(1, 2))[:, ::stride, ::stride]
