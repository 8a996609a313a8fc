"""The way from a service's stack to its cluster."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from modelyard.cluster_access import ClusterAccess
from modelyard.node_capacity import NodeCapacity

from cdktf import TerraformStack


class ClusterRef(ABC):
    """Names only: the cluster is read when a service's stack is planned, never from another stack's state."""

    @property
    @abstractmethod
    def node_capacity(self) -> NodeCapacity:
        """What a node offers to pods."""

    @property
    @abstractmethod
    def internal_load_balancer_annotations(self) -> Mapping[str, str]:
        """What makes this cloud give a LoadBalancer a private address."""

    @abstractmethod
    def logs_url(self, *, namespace: str, pods: str) -> str | None:
        """A page of the cloud with what pods have written; None if nobody keeps it.

        Args:
            namespace: Where they are.
            pods: Their names, as a regular expression (RE2) of all of the name.
        """

    @abstractmethod
    def access(self, stack: TerraformStack) -> ClusterAccess:
        """How the stack reaches it, without a token that could end up in a state; adds to the stack what tells that."""
