"""An API server with TLS that knows one token, and the program that gives it."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

from tests.leftovers.http_server import Answer, Request, serve

TOKEN = "of-nobody"  # noqa: S105 - of nobody


def put_login_program(folder: Path, name: str) -> None:
    """A program that logs in, as kubectl runs it."""
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "kind": "ExecCredential",
        "status": {"token": TOKEN},
    }
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{json.dumps(credential)}'\n")
    (folder / name).chmod(0o755)


@contextmanager
def api_server(nodes: Answer, services: Answer | None = None) -> Iterator[tuple[str, bytes]]:
    """Gives its address, and its authority's certificate."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    answers = {"/api/v1/nodes": nodes, "/api/v1/services": services or Answer({"items": []})}

    def answer(request: Request) -> Answer:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer({"message": "Unauthorized"}, 401)
        return answers.get(request.path) or Answer({"gitVersion": "v1.33.0"})

    with serve(answer, tls=tls) as port:
        yield f"127.0.0.1:{port}", authority.cert_pem.bytes()
