"""The way to a cluster that a kubeconfig names, and to images that its nodes have."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from modelyard.cluster_access import ClusterAccess
from modelyard.cluster_ref import ClusterRef
from modelyard.image_registry_ref import ImageRegistryRef
from modelyard.node_capacity import NodeCapacity

from cdktf import TerraformStack


def kubeconfig_files() -> list[str]:
    """The kubeconfig's files, as kubectl has them: those of KUBECONFIG, else `~/.kube/config`."""
    return [file for file in os.environ.get("KUBECONFIG", "").split(os.pathsep) if file] or ["~/.kube/config"]


@dataclass(frozen=True, kw_only=True)
class KubeconfigClusterRef(ClusterRef):
    """A cluster by its context; the kubeconfig is that of KUBECONFIG, as kubectl has it, else `~/.kube/config`.

    Attributes:
        context: The context's name.
        capacity: What its nodes offer, which a kubeconfig does not tell.
    """

    context: str
    capacity: NodeCapacity

    @property
    def node_capacity(self) -> NodeCapacity:
        """What a node offers to pods."""
        return self.capacity

    @property
    def internal_load_balancer_annotations(self) -> Mapping[str, str]:
        """None: on a cluster of one's own, every address is a private one."""
        return {}

    def logs_url(self, *, namespace: str, pods: str) -> None:
        """None: the nodes keep logs while the pods are there."""

    def access(self, stack: TerraformStack) -> ClusterAccess:
        """Names the kubeconfig's files; what is in them is read at run time."""
        return ClusterAccess(config_paths=kubeconfig_files(), config_context=self.context)


@dataclass(frozen=True)
class PrefixedImages(ImageRegistryRef):
    """Images by what their names begin with: a registry, or any name if they are loaded into the nodes.

    Attributes:
        prefix: For example `localhost:5001`.
    """

    prefix: str

    def repository(self, image: str) -> str:
        """The image's name without tag."""
        return f"{self.prefix}/{image}"
