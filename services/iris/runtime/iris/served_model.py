"""The model that the app shows."""

import functools
import os
from dataclasses import dataclass

from . import locations
from .errors import IrisError
from .model import Model
from .model_file import sha256, unpack


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """A model and where it is from.

    Attributes:
        model: The model.
        location: The path or bucket URL of its file.
        sha256: Of the file.
    """

    model: Model
    location: str
    sha256: str


def served_model() -> ServedModel:
    """The model that the environment variable MODEL names, loaded once.

    Raises:
        IrisError: It can't be loaded; the next call tries again.
    """
    return _load(os.environ.get("MODEL") or "iris-model.zip")


@functools.cache  # keeps no failure: a model that is put there later is found
def _load(location: str) -> ServedModel:
    content = locations.read(location)
    try:
        return ServedModel(model=unpack(content), location=location, sha256=sha256(content))
    except IrisError as error:
        raise IrisError(f"{location}: {error}") from error
