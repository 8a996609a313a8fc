"""The files of Fashion-MNIST in the user's cache, each whole and with the published sha256."""

import hashlib
import http.client
import os
import tempfile
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from modelyard.errors import ConfigurationError

FILES = {
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
# The authors' repository at a commit, and the copy that Keras itself reads.
MIRRORS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/b2617bb6d3ffa2e429640350f613e3291e10b141/data/fashion",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
)

_TIMEOUT_SECONDS = 20  # of silence, not of the whole download
_CHUNK_BYTES = 1 << 20


def downloaded(
    cache: Path | None = None, *, files: Mapping[str, str] = FILES, mirrors: Sequence[str] = MIRRORS
) -> Path:
    """The folder with all files, after fetching those that are missing or damaged, 30 MB in all.

    Args:
        cache: The folder; by default `modelyard/fashion-mnist` in the user's cache.
        files: The sha256 of each, by name.
        mirrors: URLs of folders that have them, tried in this order.

    Raises:
        ConfigurationError: No mirror has a file as it should be, or the cache can't be written.
    """
    cache = _user_cache() if cache is None else cache
    try:
        cache.mkdir(parents=True, exist_ok=True)
        for name, sha256 in files.items():
            if _sha256(cache / name) != sha256:
                _fetch(name, sha256, cache, mirrors)
    except OSError as error:
        raise ConfigurationError(
            f"Fashion-MNIST can't be kept in {cache}: {error.strerror}", mend="set XDG_CACHE_HOME to a folder of yours"
        ) from None
    return cache


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "modelyard" / "fashion-mnist"


def _sha256(path: Path) -> str | None:
    if not path.exists():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(name: str, sha256: str, cache: Path, mirrors: Sequence[str]) -> None:
    failures = []
    # A file gets its name only when it is whole and right: whatever ends this process, the cache never lies.
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        path = Path(folder, name)
        for mirror in mirrors:
            failure = _download(f"{mirror}/{name}", path) or _difference(path, sha256)
            if failure is None:
                path.replace(cache / name)
                return
            failures.append(f"{mirror}: {failure}")
    raise ConfigurationError(
        f"{name} of Fashion-MNIST can't be fetched ({'; '.join(failures)})",
        mend="try again where the network allows it, or give a folder that has the data set "
        "(Debian: apt-get install dataset-fashion-mnist, then /usr/share/datasets/fashion-mnist)",
    )


def _download(url: str, path: Path) -> str | None:
    """Writes what the URL gives to a file, and tells why that failed, if it did."""
    try:
        # Whatever scheme a mirror has, what arrives is trusted for its sha256 only.
        response = urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS)  # noqa: S310
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    with response, path.open("wb") as file:
        while True:
            try:
                chunk = response.read(_CHUNK_BYTES)
            except (OSError, http.client.HTTPException) as error:
                return str(error)
            if not chunk:
                return None
            file.write(chunk)


def _difference(path: Path, sha256: str) -> str | None:
    got = _sha256(path)
    return None if got == sha256 else f"gave {path.stat().st_size} bytes with sha256 {got}, not {sha256}"
