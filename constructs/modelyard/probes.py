"""The three probes of a serving container."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Probes:
    """HTTP probes on the service's port.

    Attributes:
        ready_path: Answers 200 when requests can be served; decides whether the pod gets any.
        alive_path: Answers 200 unless a restart is the only cure; must not depend on anything outside the pod.
        started_path: Answers 200 when the program has started, which is asked until it does; by default `ready_path`.
        startup_seconds: How long the model may take to load before the pod is restarted.
        timeout_seconds: How long one probe may take.
    """

    ready_path: str = "/readyz"
    alive_path: str = "/healthz"
    started_path: str | None = None
    startup_seconds: int = 120
    timeout_seconds: int = 3
