"""Where the states of an environment without a cloud are kept: in files, or in the cluster itself."""

from dataclasses import dataclass
from typing import Any

from modelyard.kubeconfig import kubeconfig_files

import jsii
from cdktf import LocalBackend, TerraformBackend, TerraformRemoteState, TerraformStack
from constructs import Construct

from stacks.state_store import StateStore


class FileStore(StateStore):
    """A file for each stack in the repo's root."""

    backend = "local"

    def arguments(self, stack_id: str) -> dict[str, Any]:
        """Terraform's arguments of the backend `local`, seen from the folder of the synthesised stack."""
        return {"path": f"../../../{self.url(stack_id)}"}

    def url(self, stack_id: str) -> str:
        """The file's name."""
        return f"terraform.{stack_id}.tfstate"

    def keep(self, stack: TerraformStack) -> None:
        """Keeps the stack's state in its file."""
        LocalBackend(stack, path=f"../../../{self.url(stack.node.id)}")


@dataclass(frozen=True)
class SecretStore(StateStore):
    """A Secret for each stack in the cluster's namespace `default`, with a Lease as its lock.

    Attributes:
        context: The kubeconfig's context.
    """

    context: str
    backend = "kubernetes"

    def arguments(self, stack_id: str) -> dict[str, Any]:
        """Terraform's arguments of the backend `kubernetes`."""
        return {
            "config_context": self.context,
            "config_paths": kubeconfig_files(),
            "namespace": "default",
            "secret_suffix": stack_id,
        }

    def url(self, stack_id: str) -> str:
        """What `kubectl get --namespace default` finds it by."""
        return f"secret/tfstate-default-{stack_id}"

    def keep(self, stack: TerraformStack) -> None:
        """Keeps the stack's state in its Secret."""
        _KubernetesBackend(stack, self.arguments(stack.node.id))


class _KubernetesBackend(TerraformBackend):
    """CDKTF has no class for this one of Terraform's backends.

    Source: https://developer.hashicorp.com/terraform/language/backend/kubernetes
    """

    def __init__(self, scope: Construct, arguments: dict[str, Any]) -> None:
        super().__init__(scope, "backend", "kubernetes")
        self._arguments = arguments

    @jsii.member(jsii_name="synthesizeAttributes")
    def _synthesize_attributes(self) -> dict[str, Any]:
        return self._arguments

    def get_remote_state_data_source(self, scope: Construct, name: str, from_stack: str) -> TerraformRemoteState:
        raise NotImplementedError(f"{from_stack}: stacks hand each other names, never outputs")
