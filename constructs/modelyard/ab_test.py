"""Two models behind one address, each of which gets its share of the requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modelyard.autoscaling import Autoscaling
from modelyard.egress import Egress
from modelyard.errors import ConfigurationError
from modelyard.exposure import Exposure
from modelyard.gateway import GATEWAY
from modelyard.http_metrics import HttpMetrics
from modelyard.load_balancer import add_load_balancer
from modelyard.model_pods import add_model_pods
from modelyard.namespace import add_namespace
from modelyard.pods import ServingPods
from modelyard.probes import Probes
from modelyard.resources import Resources
from modelyard.service_scope import ServiceScope
from modelyard.traffic_rules import from_namespace
from modelyard.traffic_split import check_weights, replicas_by_side
from modelyard.weighted_route import WeightedRoute

from cdktf import ITerraformDependable
from constructs import Construct

# Pods of both sides, and no others.
_LABEL = "modelyard/ab-test"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two.

    Attributes:
        weight: Its share of the requests, in whole per cent.
        image: Of its pods, by digest or by a tag that never moves.
        arguments: For the program that the image starts.
    """

    weight: int
    image: str
    arguments: Sequence[str] = ()


class ABTest(Construct):
    """Serves two models side by side: the same address, paths and answers' form, and weights that say who gets what.

    To promote a model, or to take that back, is a change of weights. A side that does not come up fails the deploy,
    and its former pods go on answering; the other side does not notice.

    Where the cluster has the add-on `gateway`, an HTTPRoute divides requests, to the per cent, and each side has
    `replicas` pods whatever its weight. Elsewhere a ratio of pods does, behind a LoadBalancer that passes connections
    to all of them alike: `replicas` are then those of both sides together, weights are what such a ratio can be, a side
    with weight 0 has no pod, and a client that keeps its connection keeps its side. Such a LoadBalancer cannot keep
    callers' addresses: who may call is up to its own source ranges, and the rest of the network may call the pods.

    For the other pods of the namespace each side is a Service, `SERVICE-SIDE`, with `port` and `more_ports`.

    Args:
        scope: The service's stack; gives the name, the labels and what its nodes can hold.
        id_: The construct's id; renaming it replaces every object.
        sides: The two, by their names.
        port: Where the programs listen for HTTP; above 1023, since they are not root.
        resources: Requests and limits of one pod.
        exposure: Who may reach the address; the gateway's own, where there is one.
        replicas: Pods that carry all requests, see above.
        more_ports: By their names, others where they listen, for the namespace's other pods.
        probes: Paths and times; by default /readyz and /healthz.
        metrics: What they tell Prometheus: each side has a dashboard.
        autoscaling: Lets the pods of each side follow its load; needs the gateway.
        header: An HTTP header that names the side that is to answer, whatever the weights; needs the gateway.
        egress: What the pods may reach; by default DNS only.
        shutdown_seconds: How long requests under way may take when a pod is told to end.

    Attributes:
        namespace: Where everything is.
        services: The names of the Services of the sides that have pods.

    Raises:
        ConfigurationError: What is no division, what no cluster of the environment could run, or what would be ignored.
    """

    def __init__(
        self,
        scope: ServiceScope,
        id_: str,
        *,
        sides: Mapping[str, Side],
        port: int,
        resources: Resources,
        exposure: Exposure,
        replicas: int,
        more_ports: Mapping[str, int] | None = None,
        probes: Probes | None = None,
        metrics: HttpMetrics | None = None,
        autoscaling: Autoscaling | None = None,
        header: str | None = None,
        egress: Egress | None = None,
        shutdown_seconds: int = 30,
    ) -> None:
        super().__init__(scope, id_)
        weights = {name: side.weight for name, side in sides.items()}
        check_weights(weights)
        if scope.gateway:
            _refuse_other_callers(exposure, scope.gateway)
            pods_of = dict.fromkeys(sides, replicas)
        else:
            _refuse_ignored(autoscaling=autoscaling, header=header)
            pods_of = replicas_by_side(weights, replicas)
        self.namespace = add_namespace(self, "namespace", service=scope).metadata.name
        names = {name: f"{scope.service_name}-{name}" for name in sides}
        self.services = {name: names[name] for name in sides if pods_of[name]}
        together = {_LABEL: scope.service_name}
        ports = {"http": port, **(more_ports or {})}

        before: list[ITerraformDependable] = []
        # The heavier side first, and the other one waits for it: when a side loses its last pod, those that take over
        # are ready. A gateway's sides lose none.
        for name in sorted(sides, key=lambda name: -weights[name]):
            side = Construct(self, name)
            added = add_model_pods(
                side,
                service=scope,
                namespace=self.namespace,
                pods=ServingPods(
                    name=names[name],
                    image=sides[name].image,
                    arguments=sides[name].arguments,
                    ports=ports,
                    resources=resources,
                    probes=probes or Probes(),
                    shutdown_seconds=shutdown_seconds,
                ),
                replicas=pods_of[name],
                callers=[from_namespace(GATEWAY)] if scope.gateway else None,
                neighbours_service=names[name],
                autoscaling=autoscaling,
                metrics=metrics,
                egress=egress,
                labels=together,
                dashboard=f"{name}_dashboard",
                wait_for=[] if scope.gateway else before,
            )
            before.append(added.deployment)

        if scope.gateway:
            self.route = self._route(scope, weights, port=port, header=header, depends_on=before)
        else:
            self._load_balancer(scope, together, exposure)

    def _load_balancer(self, scope: ServiceScope, selector: Mapping[str, str], exposure: Exposure) -> None:
        add_load_balancer(
            self,
            "load_balancer",
            cluster=scope.cluster,
            metadata={"name": scope.service_name, "namespace": self.namespace, "labels": scope.labels},
            selector=selector,
            target_port="http",
            exposure=exposure,
            output="url",
            # By node, a side would get the more the fewer pods its nodes have.
            any_node=True,
        )

    def _route(
        self,
        scope: ServiceScope,
        weights: Mapping[str, int],
        *,
        port: int,
        header: str | None,
        depends_on: Sequence[ITerraformDependable],
    ) -> WeightedRoute:
        return WeightedRoute(
            self,
            "route",
            name=scope.service_name,
            namespace=self.namespace,
            weights={self.services[side]: weight for side, weight in weights.items()},
            port=port,
            header=header,
            header_values={self.services[side]: side for side in weights},
            depends_on=depends_on,
        )


def _refuse_other_callers(exposure: Exposure, gateway: Exposure) -> None:
    if exposure != gateway:
        raise ConfigurationError(
            f"source_ranges = {', '.join(exposure.ranges)}: all routes share the gateway's address, which "
            f"{', '.join(gateway.ranges)} may reach",
            mend="leave out the service's own source_ranges, or let the environment do without the add-on gateway",
        )


def _refuse_ignored(*, autoscaling: Autoscaling | None, header: str | None) -> None:
    if autoscaling:
        raise ConfigurationError(
            "autoscaling: without a gateway pods are what divides requests, and it would change their ratio",
            mend="leave autoscaling out, or let the environment have the add-on gateway",
        )
    if header:
        raise ConfigurationError(
            f"header = {header!r}: without a gateway connections are divided, and nobody looks at their headers",
            mend="leave header out, or let the environment have the add-on gateway",
        )
