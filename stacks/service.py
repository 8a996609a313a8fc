"""The base of every service's stack: its settings."""

from abc import abstractmethod
from pathlib import Path

from modelyard import Exposure
from modelyard.names import kubernetes_name

from constructs import Construct

from stacks.platform import Platform
from stacks.settings import ServiceSettings
from stacks.workload import WorkloadStack


class ServiceStack(WorkloadStack):
    """One service of one environment; a folder's `service.py` derives from it and implements `declare`.

    Args:
        scope: The app.
        platform: Where it is deployed.
        folder: The service's folder; `image_classifier` is `image-classifier` in Kubernetes.
        default: Its settings in an environment that does not name it.

    Attributes:
        requires: The add-ons that have to be in the cluster, by their names.
        example: How a person tries it out, a shell command with `{url}` for where it answers.
        settings: What the environment says of this service; one with a `settings.py` declares its own class here.
        exposure: Who may reach it, unless the service has reasons of its own.
        artifacts: Where the environment's models and artifacts are.
    """

    requires: tuple[str, ...] = ()
    example = "curl {url}readyz"
    settings: ServiceSettings

    def __init__(self, scope: Construct, platform: Platform, folder: Path, *, default: ServiceSettings) -> None:
        name = kubernetes_name(folder.name)
        # What the environment leaves out, nobody of ours relies on: metrics would be read by none, a link lead nowhere.
        add_ons = [each for each in self.requires if platform.settings.add_ons.of(each).deployed]
        super().__init__(scope, platform, name, folder, add_ons=add_ons)
        self.settings = platform.settings.services.get(name, default)
        self.exposure: Exposure = self.settings.source_ranges or platform.settings.source_ranges
        self.artifacts = platform.artifacts
        self.declare()

    @abstractmethod
    def declare(self) -> None:
        """Adds the service's constructs to this stack."""
