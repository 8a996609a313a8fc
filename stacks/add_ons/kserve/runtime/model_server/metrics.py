"""What Prometheus reads from `GET /metrics` besides the KServe SDK's own."""

from prometheus_client import Counter, Gauge, Histogram

from .description import Description

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LABEL = "model_name"
_REQUESTS = Counter("model_server_requests", "Requests for predictions by status.", [_LABEL, "code"])
_DURATION = Histogram(
    "model_server_request_duration_seconds", "Time from a request's head to its answer.", [_LABEL], buckets=_SECONDS
)
_IN_PROGRESS = Gauge("model_server_requests_in_progress", "Requests for predictions under way.", [_LABEL])
_THREADS = Gauge("model_server_prediction_threads", "How many predictions are computed at once.", [_LABEL])
_INFO = Gauge("model_server_info", "The model, always 1.", [_LABEL, "format", "framework", "version"])


class Metrics:
    """Of one model, in the memory of this process."""

    def __init__(self, name: str, description: Description, threads: int) -> None:
        self._name = name
        self.duration = _DURATION.labels(name)
        self.in_progress = _IN_PROGRESS.labels(name)
        _THREADS.labels(name).set(threads)
        _INFO.labels(name, description.format, description.framework, description.version).set(1)
        for code in (200, 400, 500):
            _REQUESTS.labels(name, str(code))  # there from the start: a rate needs a first value

    def count(self, status: int) -> None:
        """One more request, with this HTTP status."""
        _REQUESTS.labels(self._name, str(status)).inc()
