"""`POST /predict`: from a request to the names of what its picture shows."""

import json
import threading
from http import HTTPStatus
from typing import Any

from flask import Request, g
from werkzeug.exceptions import HTTPException

from .batches import Batches, Images
from .errors import RequestError, bad_request, too_large
from .fetch import ImageFetcher
from .metrics import Metrics
from .model import Model, Prediction
from .preprocessing import decode, preprocess
from .settings import Settings
from .urls import parse_url

_MAX_JSON_BYTES = 16 * 1024


class Predictions:
    """Serves predictions; one for all threads."""

    def __init__(self, settings: Settings, model: Model, metrics: Metrics) -> None:
        self._settings = settings
        self._model = model
        self._metrics = metrics
        self._batches = Batches(self._classify)
        self._fetcher = ImageFetcher(
            max_bytes=settings.max_image_bytes,
            seconds=settings.fetch_seconds,
            allowed_networks=settings.allowed_networks,
            threads=settings.prediction_slots,
        )
        self._slots = threading.BoundedSemaphore(settings.prediction_slots)
        # Decoded pictures are large: with one at a time, memory does not grow with the number of requests.
        self._one_at_a_time = threading.Lock()

    def answer(self, request: Request) -> dict[str, Any]:
        """The JSON answer: label, confidence, and both for the five best classes.

        Raises:
            RequestError: the request is not of the documented form, its picture can't be had or used, or there are
                too many requests already (503).
        """
        if not self._slots.acquire(blocking=False):
            raise RequestError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "overloaded",
                f"{self._settings.prediction_slots} predictions are under way already",
                retry_after_seconds=1,
            )
        try:
            with self._metrics.in_progress.track_inprogress():
                data = self._image(request)
                best = self._batches.predict(lambda: self._prepared(data))
        finally:
            self._slots.release()
        top5 = [prediction._asdict() for prediction in best]
        return {**top5[0], "top5": top5}

    def _prepared(self, data: bytes) -> Images:
        with self._one_at_a_time:
            return preprocess(decode(data, max_pixels=self._settings.max_image_pixels))

    def _classify(self, images: Images) -> list[list[Prediction]]:
        with self._metrics.inference.time():
            return self._model.predict(images)

    def _image(self, request: Request) -> bytes:
        """The picture's file, from wherever the request has it."""
        kind = request.mimetype
        if kind == "application/json":
            target = parse_url(_url(_body(request)))
            g.log["image_url"] = str(target)
            return self._fetcher.fetch(target)
        if kind == "multipart/form-data":
            _body(request)
            return self._checked(_uploaded(request))
        if kind.startswith("image/"):
            return self._checked(_body(request))
        raise RequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            f"Content-Type {kind!r}: send application/json, multipart/form-data or image/*",
        )

    def _checked(self, data: bytes) -> bytes:
        if len(data) > self._settings.max_image_bytes:
            raise too_large(f"the picture has {len(data)} bytes, allowed are {self._settings.max_image_bytes}")
        return data


def _body(request: Request) -> bytes:
    """Reads the whole body into memory, from where Flask parses forms as well; its size is limited by the app."""
    try:
        body = request.get_data()
    except HTTPException:
        raise
    except Exception:  # noqa: BLE001  # the server's errors for broken chunks and lost clients share no base class
        raise bad_request("incomplete_body", "the request's body can't be read to its end") from None
    if request.content_length not in (None, len(body)):
        raise bad_request("incomplete_body", f"{len(body)} bytes of {request.content_length} arrived in time")
    return body


def _url(body: bytes) -> str:
    if len(body) > _MAX_JSON_BYTES:
        raise too_large(f"the JSON has {len(body)} bytes, allowed are {_MAX_JSON_BYTES}")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise bad_request("invalid_json", f"the body is not JSON: {error}") from None
    match document:
        case {"url": str(url), **others} if not others:
            return url
    raise bad_request("invalid_request", 'send a JSON object with one key: {"url": "https://..."}')


def _uploaded(request: Request) -> bytes:
    files = request.files.getlist("image")
    others = [name for name in (*request.form, *request.files) if name != "image"]
    if len(files) != 1 or others:
        raise bad_request(
            "invalid_request", "send one file in the form field image, with a file name, and nothing else"
        )
    data: bytes = files[0].read()
    return data
