"""What the constructs of a service know of the place where they are deployed."""

from modelyard.cluster_ref import ClusterRef
from modelyard.errors import ConfigurationError
from modelyard.exposure import Exposure
from modelyard.pod_requests import PodRequests

from cdktf import TerraformStack
from constructs import Construct


class ServiceScope(TerraformStack):
    """A stack that holds one service or add-on, connected to its cluster.

    Args:
        scope: The app.
        id_: The stack's id, for example `gke-dev-image-classifier`.
        environment: The environment's name, for example `gke-dev`; becomes a label.
        service_name: The service's Kubernetes name, for example `image-classifier`.
        cluster: Where it runs.
        monitored: Whether the add-on `monitoring` is in the cluster for it.
        gateway: Who may reach the add-on `gateway`; None if it is not in the cluster for it.

    Attributes:
        pods: What its pods request.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: str,
        service_name: str,
        cluster: ClusterRef,
        monitored: bool = False,
        gateway: Exposure | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self.environment = environment
        self.service_name = service_name
        self.cluster = cluster
        self.monitored = monitored
        self.gateway = gateway
        cluster.access(self).connect(self)
        self.selector = {"app.kubernetes.io/name": service_name}
        self.labels = {
            **self.selector,
            "app.kubernetes.io/managed-by": "cdktf",
            "app.kubernetes.io/part-of": environment,
        }
        self.pods: list[PodRequests] = []

    def add_pods(self, pods: PodRequests) -> None:
        """Counts pods that the stack brings.

        Raises:
            ConfigurationError: No node could hold one of them: it would stay Pending for ever.
        """
        try:
            pods.resources.check_fits(self.cluster.node_capacity)
        except ConfigurationError as error:
            raise error if pods.name == self.service_name else error.within(f"pods of {pods.name}") from error
        self.pods.append(pods)


def service_of(scope: Construct) -> ServiceScope:
    """The stack that a construct is part of, at whatever depth.

    Raises:
        TypeError: Another kind of stack.
    """
    stack = scope if isinstance(scope, ServiceScope) else TerraformStack.of(scope)
    if not isinstance(stack, ServiceScope):
        raise TypeError(f"{stack.node.id} holds no service")
    return stack
