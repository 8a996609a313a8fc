"""A web server on loopback that has files, and may cut the connection in the middle of one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast


class Mirror(ThreadingHTTPServer):
    """Serves `files` by name; of those in `cut` it sends half of what it announces, and hangs up."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.cut: set[str] = set()
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        mirror = cast("Mirror", self.server)
        name = self.path.removeprefix("/")
        mirror.requests.append(name)
        if name not in mirror.files:
            self.send_error(404)
            return
        content = mirror.files[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if name in mirror.cut else content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        pass


@contextmanager
def running_mirror() -> Iterator[Mirror]:
    """A mirror as long as the block lasts."""
    with Mirror() as mirror:
        thread = threading.Thread(target=mirror.serve_forever, args=[0.01])
        thread.start()
        try:
            yield mirror
        finally:
            mirror.shutdown()
            thread.join()
