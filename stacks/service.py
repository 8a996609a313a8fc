"""The base of every service's stack: its settings, its images."""

from abc import abstractmethod
from pathlib import Path

from modelyard import BuildContext, Exposure
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
        images: What must be built and pushed before it is deployed.
    """

    requires: tuple[str, ...] = ()
    example = "curl {url}readyz"
    settings: ServiceSettings

    def __init__(self, scope: Construct, platform: Platform, folder: Path, *, default: ServiceSettings) -> None:
        name = kubernetes_name(folder.name)
        super().__init__(scope, platform, name)
        self.settings = platform.settings.services.get(name, default)
        self.exposure: Exposure = self.settings.source_ranges or platform.settings.source_ranges
        self.artifacts = platform.artifacts
        self.images: list[BuildContext] = []
        self._folder = folder
        self._registry = platform.registry
        self.declare()

    @abstractmethod
    def declare(self) -> None:
        """Adds the service's constructs to this stack."""

    def image(self, context: str, target: str | None = None) -> str:
        """The image built from a folder of the service, by the hash of its content.

        Args:
            context: The folder with the Dockerfile, for example `runtime`.
            target: The stage of the Dockerfile that is the image; by default the last.

        Raises:
            ConfigurationError: It has no Dockerfile, or that has no such stage.
        """
        folder = () if context == "runtime" else (context.replace("_", "-"),)
        name = "-".join([self.service_name, *folder, *((target,) if target else ())])
        built = BuildContext(folder=self._folder / context, repository=self._registry.repository(name), target=target)
        self.images.append(built)
        return built.image
