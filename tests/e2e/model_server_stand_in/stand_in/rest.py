"""The REST API."""

import json
import re
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from google.protobuf import json_format
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2  # type: ignore[import-not-found]

from .errors import ServingError, invalid
from .metrics import Metrics
from .models import DEFAULT_SIGNATURE, Models, Servable
from .rest_tensors import inputs_of, outputs_as, parse_body

_MODEL = r"(?i:/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_POST = re.compile(_MODEL + r":predict)")
_GET = re.compile(_MODEL + r"(?P<metadata>/metadata)?)")


class RestServer(ThreadingHTTPServer):
    """Answers on all addresses."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, models: Models, metrics: Metrics, metrics_path: str | None) -> None:
        super().__init__(("0.0.0.0", port), _Handler)  # noqa: S104 - as the program does
        self.models, self.metrics, self.metrics_path = models, metrics, metrics_path


class _Handler(BaseHTTPRequestHandler):
    server: RestServer
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # one packet an answer, where it fits

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == self.server.metrics_path:
            self._answer(200, "text/plain", self.server.metrics.page())
        else:
            self._answer_api(path, _GET, self._described)

    def do_POST(self) -> None:
        # Also of a request that is refused: the next one on the connection begins after it.
        self._body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer_api(urlsplit(self.path).path, _POST, self._predicted)

    def _answer_api(self, path: str, form: re.Pattern[str], answer: Callable[[re.Match[str]], str]) -> None:
        if not path.lower().startswith("/v1/"):
            self.send_error(404)
            return
        started = time.perf_counter()
        matched = form.fullmatch(path)
        try:
            if matched is None:
                raise invalid(f"Malformed request: {self.command} {path}")
            content, status, code = answer(matched), 200, "OK"
        except ServingError as error:
            content, status, code = json.dumps({"error": error.message}, indent=4), error.http_status, error.code
        model = unquote(matched["name"]) if matched else ""
        api = "predict" if matched and self.command == "POST" else ""
        self.server.metrics.record(model, code, api, "REST", time.perf_counter() - started)
        self._answer(status, "application/json", content)

    def _predicted(self, matched: re.Match[str]) -> str:
        document = parse_body(self._body)
        servable = self._find(matched)
        name = document.get("signature_name") or DEFAULT_SIGNATURE
        if name not in servable.signatures:
            raise invalid(f'Serving signature name: "{name}" not found in signature def')
        inputs = inputs_of(document, servable.signatures[name].inputs)
        return outputs_as(document, servable.predict(name, inputs))

    def _described(self, matched: re.Match[str]) -> str:
        if not matched["metadata"]:
            return self._status(matched)
        servable = self._find(matched)
        signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=servable.signatures)
        spec = {"name": servable.name, "signature_name": "", "version": str(servable.version)}
        return json.dumps({"model_spec": spec, "metadata": {"signature_def": _as_dict(signatures)}}, indent=4)

    def _status(self, matched: re.Match[str]) -> str:
        name, version = unquote(matched["name"]), matched["version"]
        loaded = self.server.models.loaded.get(name)
        if loaded is None or version not in {None, str(loaded.version)}:
            missing = f"version {version}" if version else "any versions"
            raise ServingError("NOT_FOUND", f"Could not find {missing} of model {name}")
        response = get_model_status_pb2.GetModelStatusResponse()
        state = get_model_status_pb2.ModelVersionStatus.AVAILABLE
        response.model_version_status.add(version=loaded.version, state=state).status.SetInParent()
        return json.dumps(_as_dict(response), indent=4)

    def _find(self, matched: re.Match[str]) -> Servable:
        version, label = matched["version"], matched["label"]
        return self.server.models.find(
            unquote(matched["name"]), int(version) if version else None, unquote(label) if label else None
        )

    def _answer(self, status: int, content_type: str, content: str) -> None:
        body = content.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Logs no requests, as the program."""


def _as_dict(message: Any) -> dict[str, Any]:  # noqa: ANN401 - a protocol buffer
    return json_format.MessageToDict(
        message, always_print_fields_with_no_presence=True, preserving_proto_field_name=True
    )
