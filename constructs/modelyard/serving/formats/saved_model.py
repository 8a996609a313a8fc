"""The folder of a model: one file with the model, and `model.json`."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from modelyard.serving.formats.content import Content
from modelyard.serving.formats.framework import Framework
from modelyard.serving.model_format import ModelFormat

#: The runtime serves a folder with exactly one of these.
FILE_OF: Mapping[ModelFormat, str] = MappingProxyType(
    {"sklearn": "model.skops", "xgboost": "model.ubj", "onnx": "model.onnx"}
)
_VERSION_DIGITS = 12


@dataclass(frozen=True, kw_only=True)
class SavedModel:
    """A model's folder.

    Attributes:
        folder: Holds `model.json` and the model's file, nothing else.
        format: Says the loader.
        framework: The model's own.
        libraries: Name on PyPI to version, of those that made the files.
        version: The first 12 digits of the sha256 over the files' names and bytes.
    """

    folder: Path
    format: ModelFormat
    framework: Framework
    libraries: Mapping[str, str]
    version: str


def written(folder: Path, framework: Framework, content: Content) -> SavedModel:
    """Writes the files."""
    description = {
        "format": content.format,
        "framework": framework,
        **({} if content.estimator is None else {"estimator": content.estimator}),
        "libraries": dict(sorted(content.libraries.items())),
        "inputs": [each.as_json() for each in content.inputs],
        **({"outputs": [each.as_json() for each in content.outputs]} if content.outputs else {}),
        "methods": list(content.methods),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE_OF[content.format]).write_bytes(content.file)
    (folder / "model.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return SavedModel(
        folder=folder,
        format=content.format,
        framework=framework,
        libraries=content.libraries,
        version=folder_version(folder),
    )


def folder_version(folder: Path) -> str:
    """By what the files of a folder are told from others."""
    total = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        with file.open("rb") as content:
            total.update(f"{file.name}\0{hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()[:_VERSION_DIGITS]
