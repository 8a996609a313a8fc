"""Counts and latencies of requests, in the form and with the names of TensorFlow Serving's exporter."""

import threading
from bisect import bisect_left
from collections import Counter, defaultdict

_COUNT = ":tensorflow:serving:request_count"
_LATENCY = ":tensorflow:serving:request_latency"
_LIMITS = [10 * 1.8**power for power in range(33)]  # microseconds


class Metrics:
    """Of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._buckets: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0] * (len(_LIMITS) + 1))
        self._sums: defaultdict[tuple[str, str, str], float] = defaultdict(float)

    def record(self, model: str, status: str, api: str, entrypoint: str, seconds: float) -> None:
        """Every request is counted; a latency is of those that succeeded."""
        micros = seconds * 1e6
        with self._lock:
            self._counts[model, status] += 1
            if status == "OK":
                self._buckets[model, api, entrypoint][bisect_left(_LIMITS, micros)] += 1
                self._sums[model, api, entrypoint] += micros

    def page(self) -> str:
        with self._lock:
            lines = [f"# TYPE {_COUNT} counter"] if self._counts else []
            lines += [
                f'{_COUNT}{{model_name="{model}",status="{status}"}} {count}'
                for (model, status), count in sorted(self._counts.items())
            ]
            lines += [f"# TYPE {_LATENCY} histogram"] if self._buckets else []
            for key, buckets in sorted(self._buckets.items()):
                labels = 'model_name="{}",API="{}",entrypoint="{}"'.format(*key)
                total = 0
                for limit, count in zip([*(f"{each:g}" for each in _LIMITS), "+Inf"], buckets, strict=True):
                    total += count
                    lines.append(f'{_LATENCY}_bucket{{{labels},le="{limit}"}} {total}')
                lines += [f"{_LATENCY}_sum{{{labels}}} {self._sums[key]:g}", f"{_LATENCY}_count{{{labels}}} {total}"]
        return "\n".join(lines) + "\n"
