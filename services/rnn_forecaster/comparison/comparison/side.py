"""Asks a model server for forecasts, by the REST API of TensorFlow Serving in its columnar form.

Source: https://www.tensorflow.org/tfx/serving/api_rest
"""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import urllib3

from .errors import ComparisonError, UnavailableError
from .scores import Numbers
from .time_limit import time_limit

#: Windows in a request: about 400 KB.
BATCH = 200
#: For all requests to one side, with everything that is tried again.
LIMIT_SECONDS = 120.0
#: For one try.
TIMEOUT = urllib3.Timeout(connect=5, read=30)
#: 0, 1, 2, 4, 8, 10, 10 and 10 s apart: a side that is just rolling is back by then. Slow answers are asked for thrice.
RETRIES = urllib3.Retry(
    total=8,
    read=2,
    backoff_factor=0.5,
    backoff_max=10,
    status_forcelist=(
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    ),
    allowed_methods=None,  # a forecast changes nothing, whatever the method
    raise_on_status=False,
    respect_retry_after_header=False,
)
_MOST_WORDS = 300  # characters of a server's own words


@dataclass(frozen=True)
class Forecasts:
    """What a side has answered.

    Attributes:
        version: Of the model, the same before and after.
        values: [count].
    """

    version: str
    values: Numbers


@dataclass(frozen=True)
class Side:
    """One of the two forecasters.

    Attributes:
        name: On the command line.
        url: Of its model, such as `http://rnn-forecaster-a:8501/v1/models/rnn-forecaster`.
    """

    name: Literal["a", "b"]
    url: str

    def forecasts(self, inputs: npt.NDArray[np.float32]) -> Forecasts:
        """The value after each of the windows, [count, WINDOW].

        Raises:
            UnavailableError: It does not answer, or not in time, or was replaced meanwhile.
            ComparisonError: It refuses, or what it answers are no forecasts.
        """
        too_long = UnavailableError(
            f"{self}: not done after {LIMIT_SECONDS:g} s: see its pods' logs, and whether their CPU limit is reached"
        )
        with time_limit(LIMIT_SECONDS, too_long), urllib3.PoolManager(retries=RETRIES, timeout=TIMEOUT) as pool:
            version = self._version(pool)
            parts = [self._predict(pool, inputs[first : first + BATCH]) for first in range(0, len(inputs), BATCH)]
            if (after := self._version(pool)) != version:
                raise UnavailableError(
                    f"{self}: its model was version {version} before and {after} after: compare again when it is rolled"
                )
        return Forecasts(version, np.concatenate(parts))

    def __str__(self) -> str:
        return f"side {self.name}, {self.url}"

    def _version(self, pool: urllib3.PoolManager) -> str:
        answer = self._request(pool, "GET", self.url)
        try:
            statuses = answer["model_version_status"]
            # Without a version in the URL, the latest one answers.
            return str(max(int(each["version"]) for each in statuses if each["state"] == "AVAILABLE"))
        except (KeyError, TypeError, ValueError):
            raise UnavailableError(
                f"{self}: no version of its model is AVAILABLE: {_words(answer)}: see its pods' logs"
            ) from None

    def _predict(self, pool: urllib3.PoolManager, inputs: npt.NDArray[np.float32]) -> Numbers:
        answer = self._request(pool, "POST", f"{self.url}:predict", {"inputs": {"series": inputs.tolist()}})
        try:
            values = np.asarray(answer["outputs"], dtype=np.float64)
        except (KeyError, TypeError, ValueError):
            raise self._nonsense(f"are no forecasts: {_words(answer)}") from None
        if values.shape != (len(inputs), 1):
            raise self._nonsense(f"have the shape {list(values.shape)} instead of {[len(inputs), 1]}")
        if not np.isfinite(values).all():
            raise self._nonsense(f"have NaN or infinity among them, {np.sum(~np.isfinite(values))} of {len(values)}")
        return values[:, 0]

    def _nonsense(self, what: str) -> ComparisonError:
        return ComparisonError(f"{self}: its answers {what}: give the URL of a forecaster, or mend the model")

    def _request(self, pool: urllib3.PoolManager, method: str, url: str, content: object = None) -> dict[str, Any]:
        try:
            response = pool.request(method, url, json=content, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise UnavailableError(
                f"{self}: no answer: {_reason(error)}: see that its pods are ready, and that this one may reach them"
            ) from error
        if response.status != HTTPStatus.OK:
            what = f"{self}: answers {response.status} to {method} {url}: {_error(response.data)}"
            if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status in RETRIES.status_forcelist:
                raise UnavailableError(f"{what}: see its pods' logs")
            raise ComparisonError(f"{what}: give the URL of a model that it serves, and that takes `series`")
        try:
            return dict(json.loads(response.data))
        except (TypeError, ValueError):
            raise self._nonsense(f"are no JSON objects: {_words(response.data)}") from None


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    """What has happened, without the objects that it has happened to."""
    reason = error.reason if isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason else error
    return re.sub(r"^HTTPS?Connection(Pool)?\(.*?\): ", "", _words(str(reason)))


def _error(body: bytes) -> str:
    """The server's words: TensorFlow Serving's errors are JSON."""
    try:
        return _words(json.loads(body)["error"])
    except (KeyError, TypeError, ValueError):
        return _words(body)


def _words(said: object) -> str:
    """On one line, and without what a terminal would obey."""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    line = "".join(each for each in " ".join(text.split()) if each.isprintable())
    return f"{line[:_MOST_WORDS]} …" if len(line) > _MOST_WORDS else line or "nothing"
