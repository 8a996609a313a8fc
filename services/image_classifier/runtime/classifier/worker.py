"""A gunicorn worker that gives slow clients a deadline.

gunicorn's parent process imports this module: what starts threads when imported, as ONNX Runtime does, must stay out of
it, since threads do not survive the fork and the worker would wait for them at its end for ever.
"""

import contextlib
import socket
import threading
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from .settings import Settings


class RequestDeadlineWorker(ThreadWorker):
    """A worker with threads that gives each client a deadline to send its request, head and body.

    gunicorn limits the wait for the first byte only; clients that then send a byte now and again would hold all
    threads.
    """

    def __init__(self, *args: Any, **keywords: Any) -> None:  # noqa: ANN401  # handed on as they come
        super().__init__(*args, **keywords)
        self._seconds = Settings.from_environment().request_seconds

    def handle(self, conn: TConn) -> Any:  # noqa: ANN401  # gunicorn's own signature
        """Handles one request; past the deadline nothing more is read, while the answer can still be sent."""
        timer = threading.Timer(self._seconds, _stop_reading, [conn.sock])
        timer.daemon = True
        timer.start()
        try:
            return super().handle(conn)
        finally:
            timer.cancel()


def _stop_reading(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # closed already
        sock.shutdown(socket.SHUT_RD)
