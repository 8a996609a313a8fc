"""A model behind an address: namespace, Deployment, LoadBalancer and what belongs to them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from modelyard.artifact_store import ArtifactAccess
from modelyard.autoscaling import Autoscaling
from modelyard.disruption_budget import add_disruption_budget
from modelyard.egress import Egress
from modelyard.errors import ConfigurationError
from modelyard.exposure import Exposure
from modelyard.generated_secret import GeneratedSecret
from modelyard.http_metrics import HttpMetrics
from modelyard.load_balancer import add_load_balancer
from modelyard.namespace import add_namespace
from modelyard.pod_requests import PodRequests
from modelyard.pods import ServingPods
from modelyard.probes import Probes
from modelyard.resources import Resources
from modelyard.service_scope import ServiceScope
from modelyard.traffic_rules import add_traffic_rules
from modelyard.volume import Volume, add_claim

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes import deployment_v1, service_account_v1
from cdktf_cdktf_provider_kubernetes import horizontal_pod_autoscaler_v2 as hpa
from constructs import Construct

# For scheduling a pod, perhaps on a node that has to come up first, and for pulling its image.
_PULL_SECONDS = 240


@dataclass(frozen=True, kw_only=True)
class _Metadata:
    """What all of the service's objects carry."""

    name: str
    namespace: str
    labels: dict[str, str]


class ModelService(Construct):
    """Serves an HTTP program, to those that `exposure` names.

    Args:
        scope: The service's stack; gives the name, the labels and what its nodes can hold.
        id_: The construct's id; renaming it replaces every object.
        image: The container image, by digest or by a tag that never moves.
        port: Where the program listens for HTTP; above 1023, since it is not root.
        resources: Requests and limits of one replica.
        exposure: Who may reach the LoadBalancer.
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
        _check_port(port)
        _check_replicas(replicas)
        if volume and (replicas > 1 or autoscaling):
            raise ConfigurationError(
                f"a volume at {volume.path} and more than one replica: a disk can't be in two pods",
                mend="leave replicas and autoscaling out, or the volume",
            )
        name = f"{scope.service_name}-{part}" if part else scope.service_name
        access = access or ArtifactAccess(egress=(), grants=())
        most = autoscaling.max_replicas if autoscaling else replicas
        scope.add_pods(PodRequests(name=name, resources=resources, replicas=most))
        self._selector = {**scope.selector, "app.kubernetes.io/name": name}

        # A reference, not the bare name: everything below waits for the namespace, and goes before it.
        self.namespace = namespace or add_namespace(self, "namespace", service=scope).metadata.name
        self._metadata = _Metadata(name=name, namespace=self.namespace, labels={**scope.labels, **self._selector})

        account = service_account_v1.ServiceAccountV1(
            self,
            "account",
            metadata=service_account_v1.ServiceAccountV1Metadata(
                **asdict(self._metadata), annotations=dict(access.account_annotations) or None
            ),
            automount_service_account_token=False,
        )
        scraped = metrics if scope.monitored else None
        claim = add_claim(self, "claim", metadata=asdict(self._metadata), **asdict(volume)) if volume else None
        pods = ServingPods(
            name=name,
            image=image,
            port=port,
            resources=resources,
            probes=probes or Probes(),
            environment=environment or {},
            annotations=scraped.scraped(port) if scraped else {},
            shutdown_seconds=shutdown_seconds,
            secrets=secrets or {},
            claims={volume.path: claim.metadata.name} if volume and claim else {},
        )
        rules = add_traffic_rules(
            self,
            "traffic_rules",
            metadata=asdict(self._metadata),
            selector=self._selector,
            port=port,
            exposure=exposure,
            egress=[egress or Egress.none(), *access.egress],
            scraped=scraped is not None,
        )
        self.deployment = self._deploy(
            pods,
            replicas=None if autoscaling else replicas,
            labels={**self._metadata.labels, **access.pod_labels},
            wait_for=[account, rules, *access.grants],
        )
        self.load_balancer = add_load_balancer(
            self,
            "load_balancer",
            cluster=scope.cluster,
            metadata=asdict(self._metadata),
            selector=self._selector,
            target_port="http",
            exposure=exposure,
            output=f"{part}_url" if part else "url",
        )
        if scraped:
            self._show(scope, scraped, output=f"{part}_dashboard" if part else "dashboard")
        if replicas > 1 or (autoscaling and autoscaling.max_replicas > 1):
            add_disruption_budget(self, "disruption_budget", metadata=asdict(self._metadata), selector=self._selector)
        if autoscaling:
            self._autoscale(autoscaling)

    def _deploy(
        self,
        pods: ServingPods,
        *,
        replicas: int | None,
        labels: Mapping[str, str],
        wait_for: list[ITerraformDependable],
    ) -> deployment_v1.DeploymentV1:
        return deployment_v1.DeploymentV1(
            self,
            "deployment",
            metadata=deployment_v1.DeploymentV1Metadata(**asdict(self._metadata)),
            spec=deployment_v1.DeploymentV1Spec(
                replicas=None if replicas is None else str(replicas),
                revision_history_limit=3,
                # A rollout that gets no further fails then, instead of after Kubernetes' ten minutes.
                progress_deadline_seconds=pods.probes.startup_seconds + _PULL_SECONDS,
                selector=deployment_v1.DeploymentV1SpecSelector(match_labels=self._selector),
                strategy=_strategy(pods),
                template=pods.template(labels, self._selector),
            ),
            depends_on=wait_for,
        )

    def _show(self, service: ServiceScope, metrics: HttpMetrics, *, output: str) -> None:
        # Grafana's classes take time to load: those who have no dashboard need none.
        from modelyard.dashboard import Dashboard  # noqa: PLC0415 - see above

        Dashboard(
            self,
            "dashboard",
            service=service,
            name=self._metadata.name,
            namespace=self.namespace,
            deployment=self._metadata.name,
            metrics=metrics,
            output=output,
        )

    def _autoscale(self, autoscaling: Autoscaling) -> None:
        target = hpa.HorizontalPodAutoscalerV2SpecMetricResourceTarget(
            type="Utilization", average_utilization=autoscaling.cpu_percent
        )
        hpa.HorizontalPodAutoscalerV2(
            self,
            "autoscaler",
            metadata=hpa.HorizontalPodAutoscalerV2Metadata(**asdict(self._metadata)),
            spec=hpa.HorizontalPodAutoscalerV2Spec(
                min_replicas=autoscaling.min_replicas,
                max_replicas=autoscaling.max_replicas,
                scale_target_ref=hpa.HorizontalPodAutoscalerV2SpecScaleTargetRef(
                    api_version="apps/v1", kind="Deployment", name=self.deployment.metadata.name
                ),
                metric=[
                    hpa.HorizontalPodAutoscalerV2SpecMetric(
                        type="Resource",
                        resource=hpa.HorizontalPodAutoscalerV2SpecMetricResource(name="cpu", target=target),
                    )
                ],
            ),
        )


def _strategy(pods: ServingPods) -> deployment_v1.DeploymentV1SpecStrategy:
    if pods.claims:
        return deployment_v1.DeploymentV1SpecStrategy(type="Recreate")
    # The new pod is ready before an old one goes: a rollout loses no request, one replica or many.
    return deployment_v1.DeploymentV1SpecStrategy(
        type="RollingUpdate",
        rolling_update=deployment_v1.DeploymentV1SpecStrategyRollingUpdate(max_surge="1", max_unavailable="0"),
    )


def _check_port(port: int) -> None:
    if not 1024 <= port <= 65535:
        raise ConfigurationError(
            f"port = {port}: the program runs without root and without capabilities",
            mend="let it listen on a port from 1024 to 65535; the LoadBalancer answers on 80 in any case",
        )


def _check_replicas(replicas: int) -> None:
    if replicas < 1:
        raise ConfigurationError(
            f"replicas = {replicas}: a service without pods answers nobody", mend="write 1 or more"
        )
