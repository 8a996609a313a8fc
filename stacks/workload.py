"""What runs in an environment's cluster: the base of services and add-ons."""

from modelyard import ServiceScope

from constructs import Construct

from stacks.platform import Platform


class WorkloadStack(ServiceScope):
    """A stack that comes after the cluster, and keeps its state where the environment does.

    Args:
        scope: The app.
        platform: Where it is deployed.
        name: Its Kubernetes name.

    Attributes:
        platform: Where it is deployed.
        is_protected: Whether Terraform has to refuse to destroy what people have saved.
    """

    def __init__(self, scope: Construct, platform: Platform, name: str) -> None:
        super().__init__(
            scope,
            platform.settings.stack_id(name),
            environment=platform.settings.name,
            service_name=name,
            cluster=platform.cluster,
        )
        self.platform = platform
        self.is_protected = platform.settings.is_protected
        if platform.stack is not None:
            self.add_dependency(platform.stack)
        platform.state.keep(self)
