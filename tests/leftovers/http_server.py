"""A server on a port of 127.0.0.1 that answers in JSON, with or without TLS."""

import json
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.background_server import answering


@dataclass(frozen=True)
class Request:
    """One request; `query` has each parameter once, `pairs` all of them, `body` what was sent, if that was JSON."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]
    pairs: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Answer:
    """What comes back."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def serve(answer: Callable[[Request], Answer], *, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port, for as long as the block lasts. Requests are answered one at a time."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: else the kernel waits 40 ms between the two
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            is_json = "json" in (self.headers.get("Content-Type") or "")
            body = json.loads(content) if content and is_json else content or None
            pairs = parse_qsl(parts.query)
            request = Request(self.command, parts.path, dict(pairs), body, dict(self.headers.items()), pairs)
            try:
                with lock:
                    answered = answer(request)
            except Exception:  # noqa: BLE001 - the client says it, which is where somebody looks
                # As a fault of the caller's, which no client tries again.
                answered = Answer({"error": {"code": 400, "message": traceback.format_exc()}}, 400)
            sent = b"" if answered.body is None else json.dumps(answered.body).encode()
            self.send_response(answered.status)
            for name, value in {"Content-Type": "application/json", **answered.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else sent)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - as the base class wants

        def log_message(self, *_: object) -> None:
            """Logs nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    with answering(server) as port:
        yield port
