"""What the stacks of an environment hand to its services."""

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from modelyard import ArtifactStore, ClusterRef
from modelyard.image_registry_ref import ImageRegistryRef

from cdktf import App, TerraformStack

from stacks.settings import NodePoolSettings, Settings
from stacks.state_store import StateStore


@dataclass(frozen=True, kw_only=True)
class NodeLimit:
    """How many nodes the cluster may have.

    Attributes:
        count: The number.
        keys: The keys of the environment's file that say how many and how large, in this order.
    """

    count: int
    keys: tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Where services are deployed.

    Attributes:
        settings: Of the environment.
        state: Where their state is kept.
        registry: Where their images are.
        artifacts: Where models and pipelines' artifacts are.
        cluster: Where they run.
        nodes: How many nodes it may have.
        stack: What must be deployed before them; None on a cluster that is there already.
    """

    settings: Settings
    state: StateStore
    registry: ImageRegistryRef
    artifacts: ArtifactStore
    cluster: ClusterRef
    nodes: NodeLimit
    stack: TerraformStack | None


def node_limit(pool: NodePoolSettings) -> NodeLimit:
    """That of a cloud's node pool."""
    return NodeLimit(count=pool.max_nodes, keys=("cluster.node_pool.max_nodes", "cluster.node_pool.machine_type"))


def platform_of(settings: Settings) -> Callable[[App], Platform]:
    """Gives what adds an environment's stacks up to its cluster; raises ConfigurationError when it is called."""
    return functools.partial(_cloud(settings).add_platform, settings=settings)


def state_store_of(settings: Settings) -> StateStore:
    """Where an environment's states are kept."""
    store: StateStore = _cloud(settings).state_store(settings)
    return store


def _cloud(settings: Settings) -> ModuleType:
    # Only the one in use: a cloud's provider takes longer to load than an app of another takes to synthesise.
    return importlib.import_module(f"stacks.{settings.cloud}.platform")
