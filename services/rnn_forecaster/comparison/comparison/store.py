"""Where outcomes are kept: a bucket, a container, or a folder. Credentials are the environment's."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from .errors import ComparisonError, UnavailableError

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig

_URL = re.compile(r"(gs|s3|az|abfss?)://[^/]+(/.*)?|file:///.+")
_EXAMPLES = (
    "gs://bucket/folder, s3://bucket/folder, abfs://container@account.dfs.core.windows.net/folder or file:///folder"
)
# The default goes on for minutes. (Given any client_options, the client would forget those of the environment.)
_RETRIES: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}


class Store:
    """A place for files.

    Args:
        url: Of the folder that they go to.

    Raises:
        ComparisonError: It is no such place. Whether one may write there is known when that is tried.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        if not _URL.fullmatch(url):
            raise ComparisonError(f"--output {url}: give a place such as {_EXAMPLES}")
        try:
            self._store: ObjectStore = (
                from_url(url, mkdir=True) if url.startswith("file:") else from_url(url, retry_config=_RETRIES)
            )
        except (BaseError, ValueError, OSError) as error:
            raise ComparisonError(f"--output {url}: {_words(error)}: give a place such as {_EXAMPLES}") from error

    def write(self, files: Mapping[str, bytes]) -> list[str]:
        """Writes files by their names, one after the other; gives their URLs.

        Raises:
            UnavailableError: That is not possible.
        """
        for name, content in files.items():
            try:
                obstore.put(self._store, name, content)
            except (BaseError, OSError) as error:  # what is missing or forbidden is Python's own
                raise UnavailableError(
                    f"{self._url}/{name} can't be written: {_words(error)}: see that the store is there, that this pod "
                    "may reach it, and that its service account may write to it"
                ) from error
        return [f"{self._url}/{name}" for name in files]


def _words(error: Exception) -> str:
    """The store's own, of the XML that most of them answer with; else the client's."""
    message = re.search("<Message>(.*?)</Message>", str(error), re.DOTALL)
    return " ".join(message[1].split()) if message else str(error).partition("\n")[0]
