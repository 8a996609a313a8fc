"""The base of every add-on's stack: its state, its cluster, its namespace's name."""

from abc import abstractmethod

from modelyard import ServiceScope

from constructs import Construct

from stacks.platform import Platform
from stacks.settings import AddOnSettings


class AddOnStack(ServiceScope):
    """What services need in the cluster and others have made; `stacks/add_ons/<name>/stack.py` derives from it.

    Args:
        scope: The app.
        platform: Where it is deployed.
        name: The add-on's name, which its namespace has too.

    Attributes:
        platform: Where it is deployed.
        settings: What the environment says of it; one with a `settings.py` declares its own class here.
    """

    settings: AddOnSettings

    def __init__(self, scope: Construct, platform: Platform, name: str) -> None:
        super().__init__(
            scope,
            platform.settings.stack_id(name),
            environment=platform.settings.name,
            service_name=name,
            cluster=platform.cluster,
        )
        self.platform = platform
        self.settings = platform.settings.add_ons.of(name)
        if platform.stack is not None:
            self.add_dependency(platform.stack)
        platform.state.keep(self)
        self.declare()

    @abstractmethod
    def declare(self) -> None:
        """Adds the add-on's constructs to this stack: a namespace, charts, manifests, secrets."""
