"""Takes apart the URLs that clients give."""

from typing import NamedTuple
from urllib.parse import quote, urlsplit

from .errors import bad_request

DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_CHARACTERS = 2048
# Of RFC 3986 what may stand in a path or a query as it is; % stays, since the URL may be percent-encoded already.
_SAFE = "/%:@!$&'()*+,;=~?[]"


class Target(NamedTuple):
    """The parts of an http or https URL that a request needs, in the form in which they are sent."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    def __str__(self) -> str:
        """The URL without its query, which may hold secrets such as a signature: fit for a log."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"

    @property
    def request_target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path


def parse_url(url: str) -> Target:
    """Takes an http or https URL apart.

    Raises:
        RequestError: it is no such URL, or it carries a user name or a password (400).
    """
    if len(url) > _MAX_CHARACTERS:
        raise bad_request("invalid_url", f"the URL has {len(url)} characters, allowed are {_MAX_CHARACTERS}")
    if "\\" in url or not url.isprintable() or " " in url:
        raise bad_request("invalid_url", "the URL has a space, a backslash or a control character: percent-encode it")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        if host and ":" not in host:
            host = host.encode("idna").decode("ascii")
    except ValueError as error:
        raise bad_request("invalid_url", f"not a URL: {error}") from None
    if parts.scheme not in DEFAULT_PORTS or not host:
        raise bad_request("invalid_url", "give a URL that begins with https:// or http:// and names a host")
    if parts.username is not None or parts.password is not None:
        raise bad_request("invalid_url", "the URL must not carry a user name or a password")
    return Target(
        parts.scheme,
        host,
        DEFAULT_PORTS[parts.scheme] if port is None else port,
        quote(parts.path or "/", safe=_SAFE),
        quote(parts.query, safe=_SAFE),
    )
