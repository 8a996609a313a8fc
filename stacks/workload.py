"""What runs in an environment's cluster: the base of services and add-ons."""

from collections.abc import Collection
from pathlib import Path

from modelyard import BuildContext, ServiceScope
from modelyard.gateway import GATEWAY
from modelyard.http_metrics import MONITORING

from constructs import Construct

from stacks.platform import Platform


class WorkloadStack(ServiceScope):
    """A stack that comes after the cluster, and keeps its state where the environment does.

    Args:
        scope: The app.
        platform: Where it is deployed.
        name: Its Kubernetes name.
        folder: Where it is declared, and what its images are built from.
        add_ons: The add-ons that it requires and the environment has.

    Attributes:
        platform: Where it is deployed.
        is_protected: Whether Terraform has to refuse to destroy what people have saved.
        images: What must be built and pushed before it is deployed.
    """

    def __init__(
        self, scope: Construct, platform: Platform, name: str, folder: Path, *, add_ons: Collection[str] = ()
    ) -> None:
        super().__init__(
            scope,
            platform.settings.stack_id(name),
            environment=platform.settings.name,
            service_name=name,
            cluster=platform.cluster,
            monitored=MONITORING in add_ons,
            gateway=platform.settings.source_ranges if GATEWAY in add_ons else None,
        )
        self.platform = platform
        self.is_protected = platform.settings.is_protected
        self.images: list[BuildContext] = []
        self._folder = folder
        if platform.stack is not None:
            self.add_dependency(platform.stack)
        platform.state.keep(self)

    def image(self, context: str, target: str | None = None) -> str:
        """The image built from a folder below its own, by the hash of its content.

        Args:
            context: The folder with the Dockerfile, for example `runtime`.
            target: The stage of the Dockerfile that is the image; by default the last.

        Raises:
            ConfigurationError: It has no Dockerfile, or that has no such stage.
        """
        folder = () if context == "runtime" else (context.replace("_", "-"),)
        name = "-".join([self.service_name, *folder, *((target,) if target else ())])
        repository = self.platform.registry.repository(name)
        built = BuildContext(folder=self._folder / context, repository=repository, target=target)
        self.images.append(built)
        return built.image
