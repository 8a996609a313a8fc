"""The gateway's stack."""

from collections.abc import Sequence

from modelyard import HelmChart, Manifests, add_namespace
from modelyard.gateway import GATEWAY
from modelyard.helm_release import add_release, local_chart
from modelyard.load_balancer import add_load_balancer

from cdktf import ITerraformDependable
from constructs import Construct

from stacks.add_on import AddOnStack
from stacks.add_ons.gateway import access, routes
from stacks.add_ons.gateway.settings import GatewaySettings
from stacks.add_ons.gateway.values import CHART, PODS, PORT_NAME, SELECTOR, values


class GatewayStack(AddOnStack):
    """Traefik behind one LoadBalancer, and a Gateway for the routes of the environment's services."""

    settings: GatewaySettings

    def declare(self) -> None:
        """The Gateway API's kinds, what there is of them here, and then Traefik, which is ready when it knows that."""
        exposure = self.platform.settings.source_ranges
        namespace = add_namespace(self, "namespace", service=self).metadata.name
        may = Manifests(
            self,
            "access",
            name="access",
            namespace=namespace,
            manifests=access.manifests(namespace=self.service_name, exposure=exposure),
        )
        routed = Manifests(
            self,
            "routes",
            name="routes",
            namespace=namespace,
            manifests=routes.manifests(environment=self.environment),
            depends_on=self._crds(namespace),
        )
        HelmChart(
            self,
            "traefik",
            name=PODS.name,
            **CHART,
            namespace=namespace,
            values=values(),
            pods=[PODS],
            # Of kinds of its own, which nobody here uses.
            skip_crds=True,
            depends_on=[may.release, routed.release],
        )
        add_load_balancer(
            self,
            "load_balancer",
            cluster=self.cluster,
            metadata={"name": GATEWAY, "namespace": namespace, "labels": self.labels},
            selector=SELECTOR,
            target_port=PORT_NAME,
            exposure=exposure,
            output="gateway_url",
        )

    def _crds(self, namespace: str) -> Sequence[ITerraformDependable]:
        if not self.settings.crds:
            return []
        crds = Construct(self, "crds")
        chart = local_chart(crds, "gateway-api")
        return [add_release(crds, chart=chart, name="gateway-api", namespace=namespace, values=[])]


#: What `stacks.add_ons` looks for.
STACK = GatewayStack
