"""Reads a PyTorch checkpoint into numpy arrays without PyTorch and without running what its pickle asks for."""

import math
import pickle  # only _TensorUnpickler reads, and it knows four harmless names
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import ExportError

Tensor = npt.NDArray[np.float32]

# The pickle of AlexNet's state holds names, shapes and references to storages: about 2 kB.
_MAX_PICKLE_BYTES = 1_000_000


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Reads the state that torch.save (PyTorch 1.6 or newer: a zip archive) wrote to `path`.

    Args:
        path: the .pth file.

    Returns:
        Each tensor by its name, for example `features.0.weight`, as float32 in row-major order.

    Raises:
        ExportError: the file is no such archive, or its pickle asks for anything but float32 tensors.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            state = _TensorUnpickler(archive, _root(archive)).load()
    except ExportError:
        raise
    except zipfile.BadZipFile as error:
        raise ExportError(
            f"{path.name}: not a zip archive, as torch.save writes since PyTorch 1.6 ({error}); "
            "load it with PyTorch and save it again"
        ) from None
    except Exception as error:  # noqa: BLE001  # hostile bytes make pickle raise errors of any kind; all mean the same
        raise ExportError(f"{path.name}: not a readable checkpoint: {error}") from None
    if not isinstance(state, OrderedDict) or not all(isinstance(value, np.ndarray) for value in state.values()):
        raise ExportError(f"{path.name}: holds no state of a model (names and tensors); save model.state_dict()")
    return dict(state)


def _root(archive: zipfile.ZipFile) -> str:
    """The folder that holds everything in the archive; its name depends on how the file was saved."""
    roots = [name.removesuffix("data.pkl") for name in archive.namelist() if name.endswith("/data.pkl")]
    if len(roots) != 1:
        raise ExportError(f"{archive.filename}: {len(roots)} files data.pkl in the archive, expected 1")
    byte_order = f"{roots[0]}byteorder"
    if byte_order in archive.namelist() and archive.read(byte_order) != b"little":
        raise ExportError(f"{archive.filename}: saved on a big-endian machine; only little-endian files are read")
    return roots[0]


class _TensorUnpickler(pickle.Unpickler):
    """Builds OrderedDict and float32 arrays; every other name in the pickle is refused, so nothing of it can run."""

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        if (size := archive.getinfo(f"{root}data.pkl").file_size) > _MAX_PICKLE_BYTES:
            raise ExportError(f"{archive.filename}: data.pkl has {size} bytes, allowed are {_MAX_PICKLE_BYTES}")
        super().__init__(archive.open(f"{root}data.pkl"))
        self._archive = archive
        self._root = root

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401  # pickle's own signature
        """Resolves the few names a state of tensors needs."""
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch", "FloatStorage"): np.float32,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
            # PyTorch's oldest published weights, AlexNet's among them, were saved as parameters.
            ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
        }
        if (module, name) not in known:
            raise ExportError(
                f"{self._archive.filename}: asks for {module}.{name}, which a state of tensors never needs"
            )
        return known[module, name]

    def persistent_load(self, pid: Any) -> Tensor:  # noqa: ANN401  # pickle's own signature
        """Reads a storage, given as ("storage", element type, file, device, number of elements)."""
        kind, element_type, key, _device, count = pid
        if kind != "storage" or element_type is not np.float32:
            raise ExportError(f"{self._archive.filename}: a storage of {element_type}, only float32 is read")
        entry = self._archive.getinfo(f"{self._root}data/{key}")
        if entry.file_size != 4 * count:
            raise ExportError(f"{entry.filename}: {entry.file_size} bytes, but {count} float32 values are announced")
        return np.frombuffer(self._archive.read(entry), dtype="<f4")


def _rebuild_tensor(storage: Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object) -> Tensor:
    """Does what torch._utils._rebuild_tensor_v2 does; offset and stride count elements."""
    row_major = tuple(math.prod(size[axis + 1 :]) for axis in range(len(size)))
    if stride != row_major:
        raise ExportError(f"a tensor of size {size} has the stride {stride}, only row-major {row_major} is read")
    return storage[offset : offset + math.prod(size)].reshape(size)


def _rebuild_parameter(tensor: Tensor, *_: object) -> Tensor:
    """Does what torch._utils._rebuild_parameter does: a parameter is a tensor with settings for training."""
    return tensor
