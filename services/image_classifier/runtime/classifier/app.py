"""The HTTP side: routes, JSON answers to every error, one log line and one count for each request."""

import contextlib
import io
import json
import logging
import time
import traceback
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Flask, Request, Response, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.exceptions import HTTPException

from .errors import RequestError
from .metrics import Metrics
from .model import Model
from .predictions import Predictions
from .settings import Settings

_LOG = logging.getLogger("image_classifier")
_MULTIPART_OVERHEAD_BYTES = 64 * 1024
_DISCARDED_BYTES = 128 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
# Asked every few seconds by the cluster: neither counted nor logged.
_PROBES = {"/healthz", "/readyz", "/metrics"}


class _MemoryRequest(Request):
    """Keeps uploaded files in memory, where the size limit has room for them, instead of in temporary files."""

    def _get_file_stream(self, *_: Any, **__: Any) -> io.BytesIO:  # noqa: ANN401  # none of werkzeug's hints is used
        return io.BytesIO()


def create_app(settings: Settings, model: Model) -> Flask:
    """Builds the service around a model that is loaded and has answered: an app that exists is ready."""
    app = Flask("image_classifier", static_folder=None)
    app.request_class = _MemoryRequest
    app.config["MAX_CONTENT_LENGTH"] = settings.max_image_bytes + _MULTIPART_OVERHEAD_BYTES
    metrics = Metrics()
    predictions = Predictions(settings, model, metrics)

    @app.post("/predict")
    def predict() -> Response:
        answer = predictions.answer(request)
        g.log["label"] = answer["label"]
        return jsonify(answer)

    @app.get("/healthz")
    @app.get("/readyz")
    def probe() -> Response:
        return jsonify(status="ok")

    @app.get("/metrics")
    def expose() -> Response:
        return Response(generate_latest(metrics.registry), content_type=CONTENT_TYPE_LATEST)

    app.register_error_handler(RequestError, _refuse)
    app.register_error_handler(HTTPException, _refuse_http)
    app.register_error_handler(Exception, _fail)
    _observe(app, metrics)
    return app


def _error(status: int, code: str, message: str) -> Response:
    g.log.update(outcome=code, message=message)
    response = jsonify(error={"code": code, "message": message})
    response.status_code = status
    return response


def _refuse(error: RequestError) -> Response:
    response = _error(error.status, error.code, error.message)
    if error.retry_after_seconds:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _refuse_http(error: HTTPException) -> Response:
    """Flask's own refusals: unknown route, wrong method, too large a body."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    code = "too_large" if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else status.name.lower()
    response = _error(status, code, error.description or status.phrase)
    response.headers.extend((key, value) for key, value in error.get_headers() if key == "Allow")
    return response


def _fail(_: Exception) -> Response:
    g.log["traceback"] = traceback.format_exc()
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "the service failed; its log says more")


def _observe(app: Flask, metrics: Metrics) -> None:
    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()
        g.log = {"outcome": "ok"}

    @app.after_request
    def finish(response: Response) -> Response:
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            _discard_body()
        if request.path not in _PROBES:
            seconds = time.perf_counter() - g.started
            metrics.requests.labels(g.log["outcome"]).inc()
            metrics.duration.observe(seconds)
            _LOG.info(json.dumps(_log_line(response.status_code, seconds)))
        return response


def _discard_body() -> None:
    """Reads what the client still sends: closed on before that, it would meet a broken pipe instead of the answer."""
    stream = request.environ["wsgi.input"]
    with contextlib.suppress(Exception):  # broken chunks, lost clients: nothing is left to be read
        for _ in range(_DISCARDED_BYTES // _CHUNK_BYTES):
            if not stream.read(_CHUNK_BYTES):
                break


def _log_line(status: int, seconds: float) -> dict[str, Any]:
    return {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "method": request.method,
        "path": request.path,
        "status": status,
        "seconds": round(seconds, 4),
        **g.log,
    }
