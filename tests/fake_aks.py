"""Azure's management API on a port of 127.0.0.1, as far as clusters are stopped and started; tokens need TLS."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trustme

from tests.background_server import answering

_UNDER_WAY = {"stop": ("Stopping", "Stopped"), "start": ("Starting", "Running")}


@dataclass
class FakeAks:
    """One cluster.

    Attributes:
        provisioning: Its provisioningState.
        power: Its powerState.
        looks: How often it has to be asked until what is under way has ended; None for never.
        requests: Method and last part of the path of each request that is no question.
        fault: Status and error of every answer instead of the right one.
        url: Where it answers.
        authority: The file with the certificate to trust.
    """

    provisioning: str = "Succeeded"
    power: str = "Running"
    looks: int | None = 2
    requests: list[str] = field(default_factory=list)
    fault: tuple[int, str] | None = None
    url: str = ""
    authority: str = ""
    _left: int = 0
    _next: str = ""

    def begin(self, verb: str) -> None:
        """As if somebody had asked for it."""
        self.provisioning, self._next = _UNDER_WAY[verb]
        self._left = self.looks or 0

    def answer(self, method: str, path: str) -> tuple[int, dict[str, str], Any]:
        """Status, headers and content."""
        if self.fault:
            status, said = self.fault
            return status, {}, {"error": {"code": "OperationNotAllowed", "message": said}}
        verb = path.rpartition("/")[2]
        if method == "POST":
            self.requests.append(verb)
            self.begin(verb)
            return 202, {"Location": f"{self.url}/operations/1?api-version=1"}, None
        self._look()
        is_settled = self.provisioning == "Succeeded"
        if path.startswith("/operations/"):
            return (204 if is_settled else 202), {"Location": f"{self.url}{path}?api-version=1"}, None
        properties = {"provisioningState": self.provisioning, "powerState": {"code": self.power}}
        return 200, {}, {"id": path, "name": verb, "location": "westeurope", "properties": properties}

    def _look(self) -> None:
        if self.provisioning == "Succeeded" or self.looks is None:
            return
        self._left -= 1
        if self._left <= 0:
            self.provisioning, self.power = "Succeeded", self._next

    @contextmanager
    def serving(self, folder: Path) -> Iterator["FakeAks"]:
        """Answers at `url`; the certificate of its authority is written into the folder."""
        authority = trustme.CA()
        self.authority = str(folder / "authority.pem")
        authority.cert_pem.write_to_path(self.authority)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": self}))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        with answering(server) as port:
            self.url = f"https://127.0.0.1:{port}"
            yield self


class _Handler(BaseHTTPRequestHandler):
    fake: FakeAks

    def do_GET(self) -> None:
        self._reply("GET")

    def do_POST(self) -> None:
        self._reply("POST")

    def _reply(self, method: str) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, headers, content = self.fake.answer(method, urlsplit(self.path).path)
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing: a test says what it saw."""
