"""What services stand on where a cluster is there already: no stack of ours."""

from modelyard.kubeconfig import KubeconfigClusterRef, PrefixedImages
from modelyard.node_capacity import NodeCapacity
from modelyard.quantities import mebibytes, millicores

from cdktf import App, LocalBackend, TerraformStack

from stacks.local.settings import LocalSettings
from stacks.platform import Platform
from stacks.state_store import StateStore


class FileStore(StateStore):
    """A file for each stack in the repo's root."""

    backend = "local"

    def arguments(self, stack_id: str) -> dict[str, str | bool]:
        """Terraform's arguments of the backend `local`, seen from the folder of the synthesised stack."""
        return {"path": f"../../../{self.url(stack_id)}"}

    def url(self, stack_id: str) -> str:
        """The file's name."""
        return f"terraform.{stack_id}.tfstate"

    def keep(self, stack: TerraformStack) -> None:
        """Keeps the stack's state in its file."""
        LocalBackend(stack, path=f"../../../{self.url(stack.node.id)}")


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
        state=FileStore(),
        registry=PrefixedImages(settings.registry),
        cluster=KubeconfigClusterRef(context=settings.context, capacity=capacity),
        stack=None,
    )


def state_store(_settings: LocalSettings) -> FileStore:
    """The files."""
    return FileStore()
