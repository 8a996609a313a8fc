"""The pods of a model, and what belongs to them wherever their requests come from."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from modelyard.artifact_store import ArtifactAccess
from modelyard.autoscaling import Autoscaling
from modelyard.disruption_budget import add_disruption_budget
from modelyard.egress import Egress
from modelyard.errors import ConfigurationError
from modelyard.http_metrics import MONITORING, HttpMetrics
from modelyard.pod_requests import PodRequests
from modelyard.pods import ServingPods
from modelyard.service_scope import ServiceScope
from modelyard.traffic_rules import Caller, add_traffic_rules, from_namespace

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes import deployment_v1, service_account_v1, service_v1
from cdktf_cdktf_provider_kubernetes import horizontal_pod_autoscaler_v2 as hpa
from constructs import Construct

# For scheduling a pod, perhaps on a node that has to come up first, and for pulling its image.
_PULL_SECONDS = 240


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What all objects of the same pods carry.

    Attributes:
        name: Theirs, and the container's.
        namespace: Where they are.
        labels: Of the objects.
    """

    name: str
    namespace: str
    labels: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ModelPods:
    """Pods that were added.

    Attributes:
        metadata: Of the objects that belong to them.
        selector: Finds them, and no others of the namespace.
        deployment: Keeps them running.
    """

    metadata: Metadata
    selector: dict[str, str]
    deployment: deployment_v1.DeploymentV1


def add_model_pods(
    scope: Construct,
    *,
    service: ServiceScope,
    namespace: str,
    pods: ServingPods,
    replicas: int,
    callers: Sequence[Caller] | None,
    autoscaling: Autoscaling | None = None,
    metrics: HttpMetrics | None = None,
    egress: Egress | None = None,
    access: ArtifactAccess | None = None,
    labels: Mapping[str, str] | None = None,
    neighbours_service: str | None = None,
    dashboard: str = "dashboard",
    wait_for: Sequence[ITerraformDependable] = (),
) -> ModelPods:
    """A Deployment, its service account, its NetworkPolicy, and what its replicas and metrics ask for.

    Args:
        scope: The construct that they are part of.
        service: The stack; gives labels, and what its nodes can hold.
        namespace: Where they go, as a reference.
        pods: What runs in each; one name is the account's, the Deployment's and the pods' label.
        replicas: How many; the least number when `autoscaling` is given. 0 for none.
        callers: Who may reach the pods' port for HTTP, beside Prometheus; None is everybody.
        autoscaling: Lets the number of pods follow the load.
        metrics: What they tell Prometheus: where the service is monitored, that makes a dashboard.
        egress: What they may reach; by default DNS only.
        access: What the service account was granted; adds to `egress`.
        labels: Of the pods, beside the service's.
        neighbours_service: The name of a Service by which the namespace's other pods reach all of their ports.
        dashboard: The name of the output with the dashboard's link.
        wait_for: What must be there, or changed, before the Deployment.

    Raises:
        ConfigurationError: Ports or pods that no cluster of the environment could run.
    """
    for port in pods.ports.values():
        _check_port(port)
    most = autoscaling.max_replicas if autoscaling else replicas
    if most:
        service.add_pods(PodRequests(name=pods.name, resources=pods.resources, replicas=most))
    access = access or ArtifactAccess(egress=(), grants=())
    selector = {**service.selector, "app.kubernetes.io/name": pods.name}
    metadata = Metadata(name=pods.name, namespace=namespace, labels={**service.labels, **selector})

    account = service_account_v1.ServiceAccountV1(
        scope,
        "account",
        metadata=service_account_v1.ServiceAccountV1Metadata(
            **asdict(metadata), annotations=dict(access.account_annotations) or None
        ),
        automount_service_account_token=False,
    )
    scraped = metrics if service.monitored else None
    monitoring = [from_namespace(MONITORING)] if scraped else []
    rules = add_traffic_rules(
        scope,
        "traffic_rules",
        metadata=asdict(metadata),
        selector=selector,
        port=pods.port,
        callers=None if callers is None else [*callers, *monitoring],
        egress=[egress or Egress.none(), *access.egress],
        neighbours_ports=list(pods.ports.values()) if neighbours_service else [],
    )
    if neighbours_service:
        _add_service(scope, replace(metadata, name=neighbours_service), selector, pods.ports)
    deployment = _deploy(
        scope,
        replace(pods, annotations={**pods.annotations, **scraped.scraped(pods.port)}) if scraped else pods,
        metadata,
        selector,
        replicas=None if autoscaling else replicas,
        labels={**metadata.labels, **access.pod_labels, **(labels or {})},
        wait_for=[account, rules, *access.grants, *wait_for],
    )
    if scraped:
        _show(scope, service, metadata, scraped, output=dashboard)
    if most > 1:
        add_disruption_budget(scope, "disruption_budget", metadata=asdict(metadata), selector=selector)
    if autoscaling:
        _autoscale(scope, metadata, deployment, autoscaling)
    return ModelPods(metadata=metadata, selector=selector, deployment=deployment)


def _add_service(
    scope: Construct, metadata: Metadata, selector: Mapping[str, str], ports: Mapping[str, int]
) -> service_v1.ServiceV1:
    return service_v1.ServiceV1(
        scope,
        "service",
        metadata=service_v1.ServiceV1Metadata(**asdict(metadata)),
        spec=service_v1.ServiceV1Spec(
            type="ClusterIP",
            selector=dict(selector),
            port=[
                service_v1.ServiceV1SpecPort(name=name, port=port, target_port=name, protocol="TCP")
                for name, port in ports.items()
            ],
        ),
    )


def _deploy(
    scope: Construct,
    pods: ServingPods,
    metadata: Metadata,
    selector: dict[str, str],
    *,
    replicas: int | None,
    labels: Mapping[str, str],
    wait_for: list[ITerraformDependable],
) -> deployment_v1.DeploymentV1:
    return deployment_v1.DeploymentV1(
        scope,
        "deployment",
        metadata=deployment_v1.DeploymentV1Metadata(**asdict(metadata)),
        spec=deployment_v1.DeploymentV1Spec(
            replicas=None if replicas is None else str(replicas),
            revision_history_limit=3,
            # A rollout that gets no further fails then, instead of after Kubernetes' ten minutes.
            progress_deadline_seconds=pods.probes.startup_seconds + _PULL_SECONDS,
            selector=deployment_v1.DeploymentV1SpecSelector(match_labels=selector),
            strategy=_strategy(pods),
            template=pods.template(labels, selector),
        ),
        depends_on=wait_for,
    )


def _strategy(pods: ServingPods) -> deployment_v1.DeploymentV1SpecStrategy:
    if pods.claims:
        return deployment_v1.DeploymentV1SpecStrategy(type="Recreate")
    # The new pod is ready before an old one goes: a rollout loses no request, one replica or many.
    return deployment_v1.DeploymentV1SpecStrategy(
        type="RollingUpdate",
        rolling_update=deployment_v1.DeploymentV1SpecStrategyRollingUpdate(max_surge="1", max_unavailable="0"),
    )


def _show(scope: Construct, service: ServiceScope, metadata: Metadata, metrics: HttpMetrics, *, output: str) -> None:
    # Grafana's classes take time to load: those who have no dashboard need none.
    from modelyard.dashboard import Dashboard  # noqa: PLC0415 - see above

    Dashboard(
        scope,
        "dashboard",
        service=service,
        name=metadata.name,
        namespace=metadata.namespace,
        deployment=metadata.name,
        metrics=metrics,
        output=output,
    )


def _autoscale(
    scope: Construct, metadata: Metadata, deployment: deployment_v1.DeploymentV1, autoscaling: Autoscaling
) -> None:
    target = hpa.HorizontalPodAutoscalerV2SpecMetricResourceTarget(
        type="Utilization", average_utilization=autoscaling.cpu_percent
    )
    hpa.HorizontalPodAutoscalerV2(
        scope,
        "autoscaler",
        metadata=hpa.HorizontalPodAutoscalerV2Metadata(**asdict(metadata)),
        spec=hpa.HorizontalPodAutoscalerV2Spec(
            min_replicas=autoscaling.min_replicas,
            max_replicas=autoscaling.max_replicas,
            scale_target_ref=hpa.HorizontalPodAutoscalerV2SpecScaleTargetRef(
                api_version="apps/v1", kind="Deployment", name=deployment.metadata.name
            ),
            metric=[
                hpa.HorizontalPodAutoscalerV2SpecMetric(
                    type="Resource",
                    resource=hpa.HorizontalPodAutoscalerV2SpecMetricResource(name="cpu", target=target),
                )
            ],
        ),
    )


def _check_port(port: int) -> None:
    if not 1024 <= port <= 65535:
        raise ConfigurationError(
            f"port = {port}: the program runs without root and without capabilities",
            mend="let it listen on a port from 1024 to 65535; the LoadBalancer answers on 80 in any case",
        )
