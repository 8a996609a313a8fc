"""Downloads a picture from a URL given by a stranger, without being a way into the networks this service can reach.

A name is resolved once, all its addresses are checked, and the connection goes to one of these: between check and use
nothing is resolved again. Each redirect is treated like a new URL. Proxies named in the environment are not used, since
a proxy would resolve the name by itself.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from .addresses import Address, is_in, is_public, parse_address
from .errors import RequestError, too_large, unprocessable
from .settings import Network
from .urls import DEFAULT_PORTS, Target, parse_url

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MAX_REDIRECTS = 3
_REDIRECTS = {301, 302, 303, 307, 308}
_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "modelyard-image-classifier"}
_CHUNK_BYTES = 64 * 1024


class ImageFetcher:
    """Fetches pictures; one for all threads.

    Args:
        max_bytes: largest body.
        seconds: for a whole fetch: resolving, connecting, redirects, reading.
        allowed_networks: may be reached although they are not public, and on any port.
        threads: names resolved at once.
    """

    def __init__(self, *, max_bytes: int, seconds: float, allowed_networks: Sequence[Network], threads: int) -> None:
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._allowed_networks = allowed_networks
        self._tls = ssl.create_default_context()
        # getaddrinfo knows no time limit: it runs in a thread of its own that is not waited for when time is up.
        self._resolver = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="resolver")

    def fetch(self, target: Target) -> bytes:
        """Downloads what a URL gives.

        Raises:
            RequestError: it gives too much (413), or leads to a place that is refused, fails, or takes too long (422).
        """
        deadline = _Deadline(self._seconds)
        try:
            for _ in range(1 + _MAX_REDIRECTS):
                location, body = self._get(target, deadline)
                if location is None:
                    return body
                target = _redirected(target, location)
        except TimeoutError:
            raise unprocessable("fetch_too_slow", f"the URL gave no whole picture in {self._seconds:g} s") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise unprocessable("fetch_failed", f"the URL can't be read: {error or type(error).__name__}") from None
        raise unprocessable("fetch_failed", f"the URL leads to more than {_MAX_REDIRECTS} redirects")

    def _get(self, target: Target, deadline: "_Deadline") -> tuple[str | None, bytes]:
        """Makes one request; gives the URL of a redirect, or None and the body."""
        with closing(_Connection(target, self._resolve(target, deadline), deadline, self._tls)) as connection:
            response = connection.get()
            location = response.getheader("Location")
            if response.status in _REDIRECTS and location:
                return location, b""
            if response.status != HTTPStatus.OK:
                raise unprocessable("fetch_failed", f"the URL answered with the status {response.status}")
            return None, self._read(response)

    def _resolve(self, target: Target, deadline: "_Deadline") -> list[Address]:
        """The addresses of a host, all of them allowed: one that is not condemns the name."""
        future = self._resolver.submit(socket.getaddrinfo, target.host, target.port, type=socket.SOCK_STREAM)
        try:
            found = future.result(timeout=deadline.remaining())
        except TimeoutError:
            future.cancel()
            raise
        except (OSError, UnicodeError):
            raise unprocessable("fetch_failed", f"the host {target.host} can't be resolved") from None
        addresses = list(dict.fromkeys(parse_address(str(entry[4][0])) for entry in found))
        for address in addresses:
            if is_in(address, self._allowed_networks):
                continue
            if not is_public(address):
                raise unprocessable("address_refused", f"the host {target.host} has an address that is not public")
            if target.port != DEFAULT_PORTS[target.scheme]:
                raise unprocessable("port_refused", f"the port {target.port} is refused: http uses 80, https 443")
        return addresses

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        if (response.length or 0) > self._max_bytes:
            raise self._too_large()
        body = bytearray()
        while chunk := response.read(_CHUNK_BYTES):
            body += chunk
            if len(body) > self._max_bytes:
                raise self._too_large()
        if response.length:
            raise unprocessable("fetch_failed", f"the URL's answer ends {response.length} bytes too early")
        return bytes(body)

    def _too_large(self) -> RequestError:
        return too_large(f"the URL gives more than the allowed {self._max_bytes} bytes")


def _redirected(target: Target, location: str) -> Target:
    try:
        return parse_url(urljoin(f"{target}", location))
    except RequestError as error:
        raise unprocessable("fetch_failed", f"the URL redirects to one that is refused: {error}") from None


class _Deadline:
    """The moment when a fetch must be over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, more than none.

        Raises:
            TimeoutError: there are none.
        """
        if (seconds := self._end - time.monotonic()) <= 0:
            raise TimeoutError
        return seconds


class _Connection(http.client.HTTPConnection):
    """One request to a host at an address that was checked; the Host header and the certificate are the host's."""

    def __init__(self, target: Target, addresses: Sequence[Address], deadline: _Deadline, tls: ssl.SSLContext) -> None:
        super().__init__(target.host, target.port)
        self.default_port = DEFAULT_PORTS[target.scheme]
        self._target = target
        self._addresses = addresses
        self._deadline = deadline
        self._tls = tls if target.scheme == "https" else None

    def connect(self) -> None:
        """Connects to the first address that answers."""
        failure: OSError | None = None
        for tried, address in enumerate(self._addresses):
            seconds = self._deadline.remaining() / (len(self._addresses) - tried)
            try:
                self.sock = socket.create_connection((str(address), self.port), seconds)
                break
            except OSError as error:
                failure = error
        else:
            raise failure or OSError("the host has no address")
        if self._tls:
            self.sock.settimeout(self._deadline.remaining())
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)

    def get(self) -> http.client.HTTPResponse:
        """Sends the request and reads the head of the response; all reads are bound to the deadline."""
        self.request("GET", self._target.request_target, headers=_HEADERS)
        response = http.client.HTTPResponse(self.sock, method="GET")
        response.fp = io.BufferedReader(_DeadlineReader(self.sock, self._deadline))
        response.begin()
        return response


class _DeadlineReader(io.RawIOBase):
    """Reads a socket until a deadline: a time limit for each read would let a host send one byte at a time for ever."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._sock.settimeout(self._deadline.remaining())
        return self._sock.recv_into(buffer)
