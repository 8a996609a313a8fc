"""What every request goes through before KServe's endpoints: limits, metrics, and the last resort for errors."""

import json
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from .metrics import Metrics

#: Of one request, and of all those under way together.
LARGEST_BODY, LARGEST_BODIES = 16 << 20, 64 << 20
_LOG = logging.getLogger("model_server")

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Message, _Receive, _Send], Awaitable[None]]


class _RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Boundary:
    """ASGI middleware."""

    def __init__(self, app: _App, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._bytes = 0

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """One request."""
        path = str(scope.get("path", ""))
        if path.startswith("/v2/repository"):  # anyone could unload the model
            await _answer(send, 404, "there is nothing at this path")
        elif scope["type"] == "http" and scope["method"] == "POST" and path.endswith((":predict", "/infer")):
            with self._metrics.in_progress.track_inprogress(), self._metrics.duration.time():
                await self._prediction(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _prediction(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        status = 0

        async def noting(message: _Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        body = b""
        try:
            body = await self._body(scope, receive)
            await self._app({**scope, "headers": _headers(scope["headers"])}, _replay(body, receive), noting)
        except _RefusedError as refusal:
            await _drain(receive)
            await _answer(noting, refusal.status, str(refusal))
        except ConnectionAbortedError:
            _LOG.info("a client went away before its request was whole")
        except Exception:  # noqa: BLE001 - logged with its trace
            _LOG.exception("a request failed")
            if not status:
                await _answer(noting, 500, "the server failed; its log says why")
        finally:
            self._bytes -= len(body)
            self._metrics.count(status or 499)  # as nginx has it: nobody is there to be answered

    async def _body(self, scope: _Message, receive: _Receive) -> bytes:
        """Counted against both limits while it is held."""
        size = int(dict(scope["headers"]).get(b"content-length", 0))
        parts: list[bytes] = []
        received = 0
        more = True
        try:
            while more:
                self._require_room(max(size, received))
                message = await receive()
                parts.append(_part(message))
                received += len(parts[-1])
                self._bytes += len(parts[-1])
                more = message.get("more_body", False)
            self._require_room(received)
        except BaseException:
            self._bytes -= received
            raise
        return b"".join(parts)

    def _require_room(self, size: int) -> None:
        if size > LARGEST_BODY:
            raise _RefusedError(413, f"the body is larger than {LARGEST_BODY >> 20} MiB: ask for fewer rows at once")
        if self._bytes > LARGEST_BODIES:
            raise _RefusedError(503, "too many large requests at once: try again in a second")


def _part(message: _Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise ConnectionAbortedError
    return bytes(message.get("body", b""))


async def _drain(receive: _Receive) -> None:
    """Lets a client finish sending, which reads no answer before that; for so long and no longer."""
    left = LARGEST_BODIES
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if not message.get("more_body"):
            return


def _replay(body: bytes, receive: _Receive) -> _Receive:
    sent = False

    async def replayed() -> _Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _headers(given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Without what curl calls all that it posts: KServe takes a body of no stated type for JSON."""
    return [each for each in given if each != (b"content-type", b"application/x-www-form-urlencoded")]


async def _answer(send: _Send, status: int, message: str) -> None:
    headers = [(b"content-type", b"application/json")]
    if status == 503:
        headers.append((b"retry-after", b"1"))
    if status == 413:  # what is left of the body is not read
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"error": message}).encode()})
