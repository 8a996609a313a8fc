"""What Prometheus reads from `GET /metrics`: the answers that visitors got, each change of a slider is one."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
ANSWERS = Counter(
    "iris_answers", "Answers by outcome: ok, no-model (none can be asked), failed.", ["outcome"], registry=REGISTRY
)
_SECONDS_TAKEN = Histogram(
    "iris_answer_duration_seconds", "Time of the model for an answer.", buckets=_SECONDS, registry=REGISTRY
)
_IN_PROGRESS = Gauge("iris_answers_in_progress", "Answers under way.", registry=REGISTRY)


@contextmanager
def answering() -> Iterator[None]:
    """Counts and times the answer that the block makes."""
    outcome = "failed"
    with _IN_PROGRESS.track_inprogress(), _SECONDS_TAKEN.time():
        try:
            yield
            outcome = "ok"
        finally:
            ANSWERS.labels(outcome).inc()
