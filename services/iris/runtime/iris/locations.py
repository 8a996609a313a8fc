"""Where models are kept: paths and bucket URLs, through fsspec."""

import os
import tempfile
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

from .errors import IrisError

_EXAMPLES = "a path, gs://bucket/iris-model.zip or abfs://container@account.dfs.core.windows.net/iris-model.zip"


def read(location: str) -> bytes:
    """The content of a file.

    Args:
        location: A path, or a URL of a bucket.

    Raises:
        IrisError: It is not there, or can't be read.
    """
    try:
        system, path = fsspec.url_to_fs(location)
        content: bytes = system.cat_file(path)
    except FileNotFoundError as error:
        raise IrisError(f"{location} is not there") from error
    except Exception as error:  # each cloud's library has errors of its own
        raise _unusable(location, error) from error
    return content


def read_if_there(location: str) -> bytes | None:
    """The content of a file, None if there is none.

    Raises:
        IrisError: It can't be read.
    """
    try:
        return read(location)
    except IrisError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise


def write(location: str, content: bytes) -> None:
    """Writes a file so that others see the old content or the new, never a part.

    Raises:
        IrisError: It can't be written.
    """
    try:
        system, path = fsspec.url_to_fs(location)
        if isinstance(system, LocalFileSystem):
            _replace(Path(path), content)
        else:
            system.pipe_file(path, content)  # an object store shows an upload when it is whole
    except Exception as error:  # as above
        raise _unusable(location, error) from error


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(0o644)
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink()
            raise


def _unusable(location: str, error: Exception) -> IrisError:
    said = f"{type(error).__name__}: {error}".splitlines()[0]
    return IrisError(f"{location} can't be used ({said}): give {_EXAMPLES}, and the rights to it")
