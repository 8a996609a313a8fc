"""The base of every add-on's stack."""

import inspect
from abc import abstractmethod
from pathlib import Path

from constructs import Construct

from stacks.platform import Platform
from stacks.settings import AddOnSettings
from stacks.workload import WorkloadStack


class AddOnStack(WorkloadStack):
    """What services need in the cluster and others have made; `stacks/add_ons/<name>/stack.py` derives from it.

    Args:
        scope: The app.
        platform: Where it is deployed.
        name: The add-on's name, which its namespace has too.

    Attributes:
        settings: What the environment says of it; one with a `settings.py` declares its own class here.
    """

    settings: AddOnSettings

    def __init__(self, scope: Construct, platform: Platform, name: str) -> None:
        super().__init__(scope, platform, name, Path(inspect.getfile(type(self))).parent)
        self.settings = platform.settings.add_ons.of(name)
        self.declare()

    @abstractmethod
    def declare(self) -> None:
        """Adds the add-on's constructs to this stack: a namespace, charts, manifests, secrets."""
