"""The model that the app shows."""

import os
import threading
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


_loaded: dict[str, ServedModel] = {}
_loading = threading.Lock()


def served_model() -> ServedModel:
    """The model that the environment variable MODEL names, loaded once.

    Raises:
        IrisError: It can't be loaded, and the next call tries again; or another thread is loading it.
    """
    location = os.environ.get("MODEL") or "iris-model.zip"
    if location not in _loaded:
        # A bucket may be slow to refuse: probes that come meanwhile must not add up.
        if not _loading.acquire(blocking=False):
            raise IrisError(f"{location} is being loaded")
        try:
            _loaded[location] = _load(location)
        finally:
            _loading.release()
    return _loaded[location]


def _load(location: str) -> ServedModel:
    content = locations.read(location)
    try:
        return ServedModel(model=unpack(content), location=location, sha256=sha256(content))
    except IrisError as error:
        raise IrisError(f"{location}: {error}") from error
