"""An endpoint for managed identities that gives tokens of no worth: the real plugin azurerm wants one to start.

The plugin reads from the token who it is. Nothing that it could reach would take it, and it reaches nothing.
"""

import base64
import json
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from simulator.world import Values

NOBODYS_ID: Final = "00000000-0000-0000-0000-000000000000"
_YEAR_SECONDS: Final = 31_536_000


@cache
def azurerm_without_access() -> Values:
    """Gives the part of azurerm's configuration that says who it acts as: nobody.

    The endpoint is on the loopback interface and ends with this process.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return {
        "use_msi": True,
        "msi_endpoint": f"http://127.0.0.1:{server.server_port}/",
        "use_cli": False,
        "use_oidc": False,
        # To register resource providers it would ask Azure.
        "resource_provider_registrations": "none",
        "resource_providers_to_register": None,
    }


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        token = {"access_token": _unsigned_token(), "token_type": "Bearer", "expires_in": str(_YEAR_SECONDS)}
        content = json.dumps(token).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - as in the base class
        """Logs nothing."""


def _unsigned_token() -> str:
    claims = {"tid": NOBODYS_ID, "oid": NOBODYS_ID, "appid": NOBODYS_ID}
    return f"{_encoded({'alg': 'none'})}.{_encoded(claims)}."


def _encoded(part: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
