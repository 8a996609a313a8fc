"""What a program tells Prometheus of the requests that it answers."""

from dataclasses import dataclass
from typing import Literal

#: The add-on with Prometheus and Grafana, and its namespace.
MONITORING = "monitoring"


@dataclass(frozen=True, kw_only=True)
class HttpMetrics:
    """The names of its metrics, as they stand on the page that Prometheus reads.

    Attributes:
        requests: A counter of requests, for example `http_requests_total`.
        outcome: The label of `requests` that says how each ended, for example `status`.
        success: The values of `outcome` that are no errors, as a regular expression (RE2) of all of the value: `2..`.
        duration: A histogram, without `_bucket`: `http_request_duration_seconds`.
        duration_unit: What it counts in, as Grafana writes it.
        in_flight: A gauge of the requests under way; None if there is none.
        path: Where the page is, on the port that serves.
    """

    requests: str
    outcome: str
    success: str
    duration: str
    duration_unit: Literal["s", "ms", "µs"] = "s"
    in_flight: str | None = None
    path: str = "/metrics"

    def scraped(self, port: int) -> dict[str, str]:
        """The annotations by which Prometheus finds the pods."""
        return {"prometheus.io/scrape": "true", "prometheus.io/port": str(port), "prometheus.io/path": self.path}
