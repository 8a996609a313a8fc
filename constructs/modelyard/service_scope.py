"""What the constructs of a service know of the place where they are deployed."""

from collections.abc import Mapping

from modelyard.node_capacity import NodeCapacity

from cdktf import TerraformStack
from constructs import Construct


class ServiceScope(TerraformStack):
    """A stack that holds one service; its Kubernetes provider is configured by who derives from it.

    Args:
        scope: The app.
        id_: The stack's id, for example `gke-dev-image-classifier`.
        environment: The environment's name, for example `gke-dev`; becomes a label.
        service_name: The service's Kubernetes name, for example `image-classifier`.
        node_capacity: What the environment's nodes offer.
        internal_load_balancer_annotations: What makes this cloud give a LoadBalancer a private address.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: str,
        service_name: str,
        node_capacity: NodeCapacity,
        internal_load_balancer_annotations: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        self.service_name = service_name
        self.node_capacity = node_capacity
        self.internal_load_balancer_annotations = internal_load_balancer_annotations
        self.selector = {"app.kubernetes.io/name": service_name}
        self.labels = {
            **self.selector,
            "app.kubernetes.io/managed-by": "cdktf",
            "app.kubernetes.io/part-of": environment,
        }
