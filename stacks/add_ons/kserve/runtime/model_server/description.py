"""What `model.json` says of a model."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .errors import ModelError

_FORMAT_OF: Mapping[str, str] = MappingProxyType(
    {"model.skops": "sklearn", "model.ubj": "xgboost", "model.onnx": "onnx"}
)
_VERSION_DIGITS = 12


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """An input or an output.

    Attributes:
        name: As requests name it.
        dtype: numpy's name, `str`, or `any` for what may be numbers or text.
        shape: None stands for any size; the first is the batch's.
        columns: The data frame's that the model was fitted to.
        missing: Whether values may be missing.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    columns: tuple[str, ...] | None = None
    missing: bool = False


@dataclass(frozen=True, kw_only=True)
class Description:
    """A model's folder, as far as it is known without a framework.

    Attributes:
        file: The one file with the model.
        format: sklearn, xgboost or onnx.
        framework: What the model was made with.
        estimator: The class that answers; empty for onnx.
        libraries: Name on PyPI to version, of those that made the file.
        inputs: What the model takes.
        version: The first 12 digits of the sha256 over the files' names and bytes.
    """

    file: Path
    format: str
    framework: str
    estimator: str
    libraries: Mapping[str, str]
    inputs: tuple[Tensor, ...]
    version: str

    @classmethod
    def read(cls, folder: Path) -> "Description":
        """From a folder.

        Raises:
            ModelError: It holds not exactly one model, or no readable model.json.
        """
        files = [folder / name for name in _FORMAT_OF if (folder / name).is_file()]
        if len(files) != 1:
            found = " and ".join(each.name for each in files) or "none of them"
            raise ModelError(f"{folder} must hold one of {', '.join(_FORMAT_OF)}, and has {found}")
        described = _json(folder / "model.json")
        try:
            description = cls(
                file=files[0],
                format=described["format"],
                framework=described["framework"],
                estimator=described.get("estimator", ""),
                libraries=dict(described["libraries"]),
                inputs=tuple(_tensor(each) for each in described["inputs"]),
                version=_version(folder),
            )
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"{folder / 'model.json'} does not describe a model: {error!r}") from error
        if description.format != _FORMAT_OF[files[0].name]:
            raise ModelError(f"{folder / 'model.json'} says {description.format!r}, but the model is {files[0].name}")
        return description


def _tensor(described: dict[str, Any]) -> Tensor:
    columns = described.get("columns")
    return Tensor(
        name=described["name"],
        dtype=described["dtype"],
        shape=tuple(described["shape"]),
        columns=None if columns is None else tuple(columns),
        missing=described.get("missing", False),
    )


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return content if isinstance(content, dict) else {}
    except FileNotFoundError:
        raise ModelError(f"{file} is missing") from None
    except ValueError as error:
        raise ModelError(f"{file} is not JSON: {error}") from error


def _version(folder: Path) -> str:
    total = hashlib.sha256()
    for file in sorted(each for each in folder.iterdir() if each.name in (*_FORMAT_OF, "model.json")):
        with file.open("rb") as content:
            total.update(f"{file.name}\0{hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()[:_VERSION_DIGITS]
