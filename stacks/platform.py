"""What the stacks of an environment hand to its services."""

from dataclasses import dataclass

from modelyard import ClusterRef
from modelyard.gcp.image_registry import ImageRegistryRef

from cdktf import TerraformStack

from stacks.settings import Settings
from stacks.state import StateStore


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Where services are deployed.

    Attributes:
        settings: Of the environment.
        state: Where their state is kept.
        registry: Where their images are.
        cluster: Where they run.
        stack: What must be deployed before them.
    """

    settings: Settings
    state: StateStore
    registry: ImageRegistryRef
    cluster: ClusterRef
    stack: TerraformStack
