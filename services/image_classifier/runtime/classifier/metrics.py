"""What Prometheus reads from `GET /metrics`."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25)


class Metrics:
    """The service's metrics and the process's (memory, CPU, open files), in a registry of their own.

    They live in the memory of one process: right for one worker with several threads, wrong for more workers.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "image_classifier_requests",
            "Requests by outcome: ok, or the code of the error.",
            ["outcome"],
            registry=self.registry,
        )
        self.duration = Histogram(
            "image_classifier_request_duration_seconds",
            "Time from a request's head to its answer.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.inference = Histogram(
            "image_classifier_inference_duration_seconds",
            "Time of the network alone, for all pictures it got at once.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_progress = Gauge(
            "image_classifier_predictions_in_progress", "Predictions under way.", registry=self.registry
        )
