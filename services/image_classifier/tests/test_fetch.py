import socket
import ssl
import threading
from collections.abc import Callable
from functools import cache
from ipaddress import ip_network
from pathlib import Path

import pytest
import trustme

from services.image_classifier.runtime.classifier.errors import RequestError
from services.image_classifier.runtime.classifier.fetch import ImageFetcher
from services.image_classifier.runtime.classifier.settings import Network
from services.image_classifier.runtime.classifier.urls import parse_url
from services.image_classifier.tests.image_host import Handler, ImageHost, image_host

_LOOPBACK = ip_network("127.0.0.0/8")
_MAX_BYTES = 100_000
_Names = Callable[..., list[str]]


@cache  # each reads the system's certificates
def _fetcher(*allowed: Network, seconds: float = 10) -> ImageFetcher:
    return ImageFetcher(max_bytes=_MAX_BYTES, seconds=seconds, allowed_networks=allowed, threads=2)


def _refusal(url: str, *allowed: Network, seconds: float = 10) -> tuple[int, str]:
    with pytest.raises(RequestError) as error:
        _fetcher(*allowed, seconds=seconds).fetch(parse_url(url))
    return error.value.status, error.value.code


@pytest.fixture
def resolve_to(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Makes the resolver give these addresses for every name, one set for each question; gives the names asked for."""

    def install(*answers: list[str]) -> list[str]:
        asked: list[str] = []
        real = socket.getaddrinfo

        def getaddrinfo(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
            if host[0].isdigit():  # an address: nothing to resolve
                return list(real(host, port, type=socket.SOCK_STREAM))
            asked.append(host)
            addresses = answers[min(len(asked), len(answers)) - 1]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

        monkeypatch.setattr("services.image_classifier.runtime.classifier.fetch.socket.getaddrinfo", getaddrinfo)
        return asked

    return install


def test_a_picture_in_an_allowed_network_is_fetched_with_its_query(host: ImageHost) -> None:
    host.answers["/cat.jpg"] = lambda request: request.reply(b"cat")
    assert _fetcher(_LOOPBACK).fetch(parse_url(f"{host.url}/cat.jpg?size=l&n=ü")) == b"cat"
    assert host.requests == [(f"127.0.0.1:{host.server_port}", "/cat.jpg?size=l&n=%C3%BC")]


def test_without_an_allowed_network_loopback_is_refused_by_address_and_by_name(host: ImageHost) -> None:
    assert _refusal(f"{host.url}/") == (422, "address_refused")
    assert _refusal(f"http://localhost:{host.server_port}/") == (422, "address_refused")
    assert host.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://[::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "https://10.0.0.1/",
        "http://0/",
    ],
)
def test_addresses_that_are_not_public_are_refused_however_they_are_written(url: str) -> None:
    assert _refusal(url) == (422, "address_refused")


def test_a_name_with_one_private_address_among_public_ones_is_refused(resolve_to: _Names) -> None:
    resolve_to(["93.184.216.34", "10.0.0.1"])
    assert _refusal("http://images.test/") == (422, "address_refused")


def test_the_connection_goes_to_the_address_that_was_checked(host: ImageHost, resolve_to: _Names) -> None:
    host.answers["/"] = lambda request: request.reply(b"checked")
    asked = resolve_to(["127.0.0.1"], ["127.0.0.2"])  # a name that changes between check and use
    assert (
        _fetcher(ip_network("127.0.0.1/32")).fetch(parse_url(f"http://images.test:{host.server_port}/")) == b"checked"
    )
    assert asked == ["images.test"]
    assert host.requests == [(f"images.test:{host.server_port}", "/")]


def test_the_next_address_is_tried_when_one_does_not_answer(host: ImageHost, resolve_to: _Names) -> None:
    host.answers["/"] = lambda request: request.reply(b"second")
    resolve_to(["127.0.0.2", "127.0.0.1"])
    assert _fetcher(_LOOPBACK).fetch(parse_url(f"http://images.test:{host.server_port}/")) == b"second"


def test_on_public_addresses_only_the_ports_of_the_web_are_allowed(resolve_to: _Names) -> None:
    resolve_to(["93.184.216.34"])
    assert _refusal("http://images.test:22/") == (422, "port_refused")
    assert _refusal("https://images.test:80/") == (422, "port_refused")


def test_a_redirect_is_followed_and_its_target_checked_like_a_first_url(host: ImageHost) -> None:
    host.answers["/cat.jpg"] = lambda request: request.reply(b"cat")
    assert _fetcher(_LOOPBACK).fetch(parse_url(f"{host.url}/redirect?/cat.jpg")) == b"cat"
    for target in ("http://169.254.169.254/", f"http://[::1]:{host.server_port}/", "http://10.0.0.1/"):
        assert _refusal(f"{host.url}/redirect?{target}", _LOOPBACK) == (422, "address_refused")
    for target in ("file:///etc/passwd", "ftp://127.0.0.1/", "http://user:secret@127.0.0.1/", "//[", "http://"):
        assert _refusal(f"{host.url}/redirect?{target}", _LOOPBACK) == (422, "fetch_failed")


def test_redirects_without_end_are_given_up(host: ImageHost) -> None:
    host.answers["/loop"] = lambda request: request.reply(b"", status=307, location="/loop")
    assert _refusal(f"{host.url}/loop", _LOOPBACK) == (422, "fetch_failed")
    assert len(host.requests) == 4


def _endless(request: Handler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        request.wfile.write(bytes(10_000))


def _endless_chunks(request: Handler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        request.wfile.write(b"1000\r\n" + bytes(0x1000) + b"\r\n")


@pytest.mark.parametrize(
    "answer",
    [lambda request: request.reply(b"", length=_MAX_BYTES + 1), _endless, _endless_chunks],
    ids=["announced", "endless", "endless chunks"],
)
def test_too_large_an_answer_is_refused(host: ImageHost, answer: Callable[[Handler], None]) -> None:
    host.answers["/large"] = answer
    assert _refusal(f"{host.url}/large", _LOOPBACK) == (413, "too_large")


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n",
        b"HTTP/1.1 302 Found\r\n",
    ],
    ids=["status line", "header", "body", "redirect"],
)
def test_a_host_that_sends_a_byte_now_and_again_is_given_up(host: ImageHost, head: bytes) -> None:
    host.answers["/slow"] = lambda request: request.drip(head)
    assert _refusal(f"{host.url}/slow", _LOOPBACK, seconds=0.3) == (422, "fetch_too_slow")


def test_a_host_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert _refusal(f"http://127.0.0.1:{port}/", _LOOPBACK, seconds=0.2) == (422, "fetch_too_slow")
        assert _refusal(f"https://127.0.0.1:{port}/", _LOOPBACK, seconds=0.2) == (422, "fetch_too_slow")


def test_a_resolver_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(
        "services.image_classifier.runtime.classifier.fetch.socket.getaddrinfo", lambda *_, **__: over.wait(30)
    )
    try:
        assert _refusal("http://images.test/", seconds=0.1) == (422, "fetch_too_slow")
    finally:
        over.set()


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: request.reply(b"no", status=404),
        lambda request: request.reply(b"no", status=500),
        lambda request: request.reply(b"half", length=1000),
        lambda request: request.wfile.write(b"no HTTP at all\r\n\r\n"),
        lambda request: request.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        lambda request: request.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
        lambda request: None,
    ],
    ids=["404", "500", "half", "no HTTP", "broken chunk", "too many headers", "closed"],
)
def test_a_failing_host_is_the_urls_fault(host: ImageHost, answer: Callable[[Handler], None]) -> None:
    host.answers["/broken"] = answer
    assert _refusal(f"{host.url}/broken", _LOOPBACK) == (422, "fetch_failed")


def test_a_name_without_an_address_and_a_closed_port_are_the_urls_fault() -> None:
    assert _refusal("http://nothing.invalid/") == (422, "fetch_failed")
    assert _refusal("http://127.0.0.1:1/", _LOOPBACK) == (422, "fetch_failed")


def test_a_proxy_of_the_environment_is_not_asked(host: ImageHost, monkeypatch: pytest.MonkeyPatch) -> None:
    host.answers["/cat.jpg"] = lambda request: request.reply(b"cat")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert _fetcher(_LOOPBACK).fetch(parse_url(f"{host.url}/cat.jpg")) == b"cat"


def test_the_certificate_must_be_the_hosts(resolve_to: _Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    asked_for: list[str | None] = []
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.sni_callback = lambda _, name, __: asked_for.append(name)
    authority.issue_cert("images.test").configure_cert(tls)
    resolve_to(["127.0.0.1"])
    with image_host(tls) as host:
        host.answers["/"] = lambda request: request.reply(b"over TLS")
        fetcher = _fetcher.__wrapped__(_LOOPBACK)  # a new one trusts the new authority
        assert fetcher.fetch(parse_url(f"https://images.test:{host.server_port}/")) == b"over TLS"
        with pytest.raises(RequestError, match="CERTIFICATE_VERIFY_FAILED"):
            fetcher.fetch(parse_url(f"https://other.test:{host.server_port}/"))
    assert asked_for == ["images.test", "other.test"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cat.jpg",
        "//host/cat.jpg",
        "http://",
        "http:///cat.jpg",
        "https://?x",
        "ftp://host/cat.jpg",
        "file:///etc/passwd",
        "gopher://host/",
        "data:image/png;base64,AAAA",
        "http://user@host/",
        "http://user:secret@host/",
        "http://:@host/",
        "http://host:99999/",
        "http://host:port/",
        "http://[::1/",
        "http://ho st/",
        "http://host/\r\nX-Injected: yes",
        "http://host\\@other/",
        "http://host/\ud800",
        "http://" + "a" * 64 + ".test/",
        "http://a..b/",
        "http://host/" + "a" * 2048,
    ],
)
def test_what_is_no_plain_web_url_is_refused(url: str) -> None:
    with pytest.raises(RequestError) as error:
        parse_url(url)
    assert (error.value.status, error.value.code) == (400, "invalid_url")


def test_a_url_is_logged_without_its_query() -> None:
    assert str(parse_url("https://Images.Test/a%20b?signature=secret#part")) == "https://images.test:443/a%20b"
