"""Replicas that follow the load."""

from dataclasses import dataclass

from modelyard.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class Autoscaling:
    """A HorizontalPodAutoscaler on CPU.

    Attributes:
        min_replicas: At least 1.
        max_replicas: At least min_replicas.
        cpu_percent: Average use of the requested CPU, in per cent, above which replicas are added.
    """

    min_replicas: int
    max_replicas: int
    cpu_percent: int = 70

    def __post_init__(self) -> None:
        if not 1 <= self.min_replicas <= self.max_replicas:
            raise ConfigurationError(
                f"autoscaling: min_replicas = {self.min_replicas}, max_replicas = {self.max_replicas}",
                mend="write 1 <= min_replicas <= max_replicas",
            )
        if not 1 <= self.cpu_percent <= 100:
            raise ConfigurationError(
                f"autoscaling: cpu_percent = {self.cpu_percent}", mend="write a percentage from 1 to 100"
            )
