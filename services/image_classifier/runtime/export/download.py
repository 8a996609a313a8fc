"""Downloads a file and keeps it only when its sha256 is the expected one."""

import hashlib
import http.client
import urllib.request
from pathlib import Path

from .errors import ExportError

_TIMEOUT_SECONDS = 60  # of silence, not of the whole download
_CHUNK_BYTES = 1 << 20


def download(url: str, sha256: str, path: Path) -> None:
    """Writes what `url` (http or https) gives to `path`.

    Raises:
        ExportError: the URL can't be read, or its content has another sha256; the message gives both.
    """
    if not url.startswith(("https://", "http://")):
        raise ExportError(f"WEIGHTS_URL {url!r}: give an http or https URL")
    digest = hashlib.sha256()
    try:
        # The scheme is checked above, and what arrives is trusted for its sha256 only.
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response, path.open("wb") as file:  # noqa: S310
            while chunk := response.read(_CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ExportError(f"WEIGHTS_URL {url}: can't be downloaded: {error}") from None
    if digest.hexdigest() != sha256.lower():
        raise ExportError(f"WEIGHTS_SHA256 does not match: url {url}, expected {sha256}, got {digest.hexdigest()}")
