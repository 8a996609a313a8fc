"""What the pods of a stack request of the cluster's nodes."""

from dataclasses import dataclass

from modelyard.quantities import mebibytes, millicores
from modelyard.resources import Resources


@dataclass(frozen=True, kw_only=True)
class PodRequests:
    """Pods that are alike.

    Attributes:
        name: What a person knows them by, for example a Deployment's name.
        resources: Of one pod.
        replicas: How many there may be at once, a rollout's extra pod not counted.
    """

    name: str
    resources: Resources
    replicas: int = 1

    @property
    def cpu_millicores(self) -> int:
        """Of all of them, in thousandths of a core."""
        return self.replicas * millicores(self.resources.cpu)

    @property
    def memory_mebibytes(self) -> int:
        """Of all of them, in MiB."""
        return self.replicas * mebibytes(self.resources.memory)

    def __str__(self) -> str:
        one = f"{self.name} {self.resources.cpu} {self.resources.memory}"
        return one if self.replicas == 1 else f"{self.replicas} x {one}"
