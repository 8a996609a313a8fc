"""A model behind an address: namespace, Deployment, LoadBalancer and what belongs to them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from modelyard.artifact_store import ArtifactAccess
from modelyard.autoscaling import Autoscaling
from modelyard.egress import Egress
from modelyard.errors import ConfigurationError
from modelyard.exposure import Exposure
from modelyard.generated_secret import GeneratedSecret
from modelyard.http_metrics import HttpMetrics
from modelyard.load_balancer import add_load_balancer
from modelyard.model_pods import add_model_pods
from modelyard.namespace import add_namespace
from modelyard.pods import ServingPods
from modelyard.probes import Probes
from modelyard.resources import Resources
from modelyard.service_scope import ServiceScope
from modelyard.traffic_rules import from_networks
from modelyard.volume import Volume, add_claim

from constructs import Construct


class ModelService(Construct):
    """Serves an HTTP program, to those that `exposure` names.

    Args:
        scope: The service's stack; gives the name, the labels and what its nodes can hold.
        id_: The construct's id; renaming it replaces every object.
        image: The container image, by digest or by a tag that never moves.
        port: Where the program listens for HTTP; above 1023, since it is not root.
        resources: Requests and limits of one replica.
        exposure: Who may reach the LoadBalancer.
        arguments: For the program that the image starts.
        more_ports: By their names, others where it listens, above 1023. The LoadBalancer does not open them: the
            namespace's other pods reach all ports, by the Service `NAME-pods`.
        part: What it is of the service, for a second program beside the first: `notebook` of `iris` is `iris-notebook`.
        namespace: Where it goes; by default one of its own, of the service's name.
        replicas: How many pods, 1 or more; the least number when `autoscaling` is given.
        autoscaling: Lets the number of pods follow the load.
        probes: Paths and times; by default /readyz and /healthz.
        metrics: What it tells Prometheus: where the service is monitored, that makes its dashboard.
        egress: What the pods may reach; by default DNS only.
        access: What its service account, which has the service's name, was granted; adds to `egress`.
        environment: Environment variables. Not for secrets: they stand in plans and in the state.
        secrets: By the folders where they are mounted, a file for each key.
        volume: A disk that outlives the pod; it can't be in two, so that a rollout ends the old pod first.
        shutdown_seconds: How long requests under way may take when a pod is told to end.

    Raises:
        ConfigurationError: A declaration that no cluster of the environment could run.
    """

    def __init__(
        self,
        scope: ServiceScope,
        id_: str,
        *,
        image: str,
        port: int,
        resources: Resources,
        exposure: Exposure,
        arguments: Sequence[str] = (),
        more_ports: Mapping[str, int] | None = None,
        part: str | None = None,
        namespace: str | None = None,
        replicas: int = 1,
        autoscaling: Autoscaling | None = None,
        probes: Probes | None = None,
        metrics: HttpMetrics | None = None,
        egress: Egress | None = None,
        access: ArtifactAccess | None = None,
        environment: Mapping[str, str] | None = None,
        secrets: Mapping[str, GeneratedSecret] | None = None,
        volume: Volume | None = None,
        shutdown_seconds: int = 30,
    ) -> None:
        super().__init__(scope, id_)
        _check_replicas(replicas)
        if volume and (replicas > 1 or autoscaling):
            raise ConfigurationError(
                f"a volume at {volume.path} and more than one replica: a disk can't be in two pods",
                mend="leave replicas and autoscaling out, or the volume",
            )
        name = f"{scope.service_name}-{part}" if part else scope.service_name
        # A reference, not the bare name: everything below waits for the namespace, and goes before it.
        self.namespace = namespace or add_namespace(self, "namespace", service=scope).metadata.name
        claims = {}
        if volume:
            labels = {**scope.labels, "app.kubernetes.io/name": name}
            metadata = {"name": name, "namespace": self.namespace, "labels": labels}
            claims[volume.path] = add_claim(self, "claim", metadata=metadata, **asdict(volume)).metadata.name
        added = add_model_pods(
            self,
            service=scope,
            namespace=self.namespace,
            pods=ServingPods(
                name=name,
                image=image,
                arguments=arguments,
                ports={"http": port, **(more_ports or {})},
                resources=resources,
                probes=probes or Probes(),
                environment=environment or {},
                shutdown_seconds=shutdown_seconds,
                secrets=secrets or {},
                claims=claims,
            ),
            replicas=replicas,
            callers=from_networks(exposure),
            neighbours_service=f"{name}-pods" if more_ports else None,
            autoscaling=autoscaling,
            metrics=metrics,
            egress=egress,
            access=access,
            dashboard=f"{part}_dashboard" if part else "dashboard",
        )
        self.deployment = added.deployment
        self.load_balancer = add_load_balancer(
            self,
            "load_balancer",
            cluster=scope.cluster,
            metadata=asdict(added.metadata),
            selector=added.selector,
            target_port="http",
            exposure=exposure,
            output=f"{part}_url" if part else "url",
        )


def _check_replicas(replicas: int) -> None:
    if replicas < 1:
        raise ConfigurationError(
            f"replicas = {replicas}: a service without pods answers nobody", mend="write 1 or more"
        )
