"""What services stand on where a cluster is there already: no stack of ours."""

from modelyard.kubeconfig import KubeconfigClusterRef, PrefixedImages
from modelyard.node_capacity import NodeCapacity
from modelyard.quantities import mebibytes, millicores

from cdktf import App

from stacks.local.artifacts import NoArtifacts
from stacks.local.settings import LocalSettings
from stacks.local.state_store import FileStore, SecretStore
from stacks.platform import NodeLimit, Platform
from stacks.state_store import StateStore


def add_platform(_app: App, settings: LocalSettings) -> Platform:
    """Adds no stack."""
    node = settings.node
    capacity = NodeCapacity(
        machine_type="a node of this cluster",
        cpu_millicores=millicores(node.cpu),
        memory_mebibytes=mebibytes(node.memory),
        arithmetic=f"node.cpu = {node.cpu}, node.memory = {node.memory}",
    )
    return Platform(
        settings=settings,
        state=state_store(settings),
        registry=PrefixedImages(settings.registry),
        artifacts=NoArtifacts(settings.name),
        nodes=NodeLimit(count=node.count, keys=("node.count", "node.cpu and node.memory")),
        cluster=KubeconfigClusterRef(context=settings.context, capacity=capacity),
        stack=None,
    )


def state_store(settings: LocalSettings) -> StateStore:
    """The files, or the cluster."""
    return SecretStore(settings.context) if settings.state == "cluster" else FileStore()
