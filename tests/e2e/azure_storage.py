"""A Blob Storage on loopback that takes Entra tokens only: Azurite, and the roads that lead Terraform to it.

Azurite reads a token's audience, issuer and dates, but neither its signature nor any role: what real identities may
do in the account is not proven by it. It keeps no versions of blobs either.
"""

import base64
import json
import os
import select
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme
import urllib3

_API = {"x-ms-version": "2023-11-03"}
_IDLE_SECONDS = 60


@dataclass
class BlobAccount:
    """One storage account.

    Attributes:
        name: The account's.
        variables: Under which Terraform reaches the account and gets tokens for it, and reaches no other part of Azure.
        strangers: Hosts that were asked for through the proxy and are not the account.
    """

    name: str
    variables: dict[str, str]
    pool: urllib3.ProxyManager
    strangers: list[str] = field(default_factory=list)

    def request(self, method: str, path: str) -> urllib3.BaseHTTPResponse:
        """Asks the account as Terraform does."""
        authorization = {"Authorization": f"Bearer {_token('https://storage.azure.com')}"}
        return self.pool.request(
            method, f"https://{self.name}.blob.core.windows.net/{path}", headers=_API | authorization
        )


@contextmanager
def blob_account(azurite: Path, folder: Path, name: str) -> Iterator[BlobAccount]:
    """Runs everything; `azurite` is the program, `folder` takes the certificate."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    certificate = authority.issue_cert("*.blob.core.windows.net")
    certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    strangers: list[str] = []
    with (
        _azurite(azurite, folder, name) as port,
        _serving(_proxy({f"{name}.blob.core.windows.net:443": port}, strangers)) as proxy,
        _serving(_Identity) as identity,
    ):
        variables = {
            "HTTPS_PROXY": proxy,
            # Provider plugins come by the machine's own road.
            "NO_PROXY": "127.0.0.1,.terraform.io,.hashicorp.com",
            "SSL_CERT_FILE": str(folder / "authority.pem"),
            "CHECKPOINT_DISABLE": "1",
            "ARM_USE_MSI": "true",
            "ARM_MSI_ENDPOINT": f"{identity}/",
            "ARM_USE_CLI": "false",
        }
        trusting = ssl.create_default_context(cafile=folder / "authority.pem")
        yield BlobAccount(name, variables, urllib3.ProxyManager(proxy, ssl_context=trusting), strangers)


@contextmanager
def _azurite(program: Path, folder: Path, account: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    options = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--inMemoryPersistence", "--disableTelemetry"]
    encrypted = ["--oauth", "basic", "--cert", str(folder / "certificate.pem"), "--key", str(folder / "key.pem")]
    key = base64.b64encode(os.urandom(32)).decode()
    with subprocess.Popen(
        [program, *options, *encrypted, "--silent", "--skipApiVersionCheck"],
        cwd=folder,
        env={**os.environ, "AZURITE_ACCOUNTS": f"{account}:{key}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            _wait_for(port, server)
            yield port
        finally:
            server.terminate()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"Azurite does not listen on 127.0.0.1:{port}; exit code {server.poll()}")


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - as in the base class
        """Logs nothing."""


class _Identity(_Quiet):
    """A managed identity's endpoint: a token for whatever is asked for."""

    def do_GET(self) -> None:
        (audience,) = parse_qs(urlsplit(self.path).query)["resource"]
        now = int(time.time())
        token = {
            "access_token": _token(audience),
            "token_type": "Bearer",
            "resource": audience,
            "not_before": str(now),
            "expires_in": "3600",
            "expires_on": str(now + 3600),
        }
        content = json.dumps(token).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _token(audience: str) -> str:
    tenant, now = "00000000-0000-0000-0000-000000000000", int(time.time())
    dates = {"iat": now - 60, "nbf": now - 60, "exp": now + 3600}
    claims = {"aud": audience, "iss": f"https://sts.windows.net/{tenant}/", "tid": tenant, "oid": tenant, **dates}
    encoded = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, claims)
    ]
    return f"{'.'.join(encoded)}."


def _proxy(routes: dict[str, int], strangers: list[str]) -> type[BaseHTTPRequestHandler]:
    """A proxy that knows nothing but `routes`, from `host:port` to ports on loopback."""

    class Proxy(_Quiet):
        def do_CONNECT(self) -> None:
            if self.path not in routes:
                strangers.append(self.path)
                self.send_error(403, "not a part of this test")
                return
            with socket.create_connection(("127.0.0.1", routes[self.path]), timeout=_IDLE_SECONDS) as server:
                self.send_response(200)
                self.end_headers()
                _relay(self.connection, server)
            self.close_connection = True

    return Proxy


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Copies both ways until either side ends, or neither has spoken for a minute."""
    while ready := select.select([one, other], [], [], _IDLE_SECONDS)[0]:
        for source in ready:
            received = source.recv(65536)
            if not received:
                return
            (other if source is one else one).sendall(received)
