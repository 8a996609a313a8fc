"""Namespaces, LoadBalancers, replicas, images and pods."""

import pytest

from tests.policies.changes import (
    CHART,
    COMPARISON,
    DATABASE,
    DEPLOYMENT,
    NEEDS,
    POLYAXON,
    RNN,
    SALES,
    Change,
    added,
    chart_values,
    comparison,
    comparison_pod,
    container,
    database,
    manifest,
    replicas,
)
from tests.policies.recorded import Planned, new_findings

NAMESPACE = "kubernetes_namespace_v1.models_namespace"
SERVICE = "kubernetes_service_v1.models_a_service"
BUDGET = "kubernetes_pod_disruption_budget_v1"
ENFORCE = "pod-security.kubernetes.io/enforce"
PART_OF = "app.kubernetes.io/part-of"
DIGEST = f"sha256:{'0' * 64}"
INTERNAL_ON_GKE = {"networking.gke.io/load-balancer-type": "Internal"}
INTERNAL_ON_AKS = {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}


def labels(**values: str | None) -> Change:
    return lambda planned: planned.values(NAMESPACE)["metadata"][0].update(
        labels=planned.values(NAMESPACE)["metadata"][0]["labels"] | {_KEYS[key]: value for key, value in values.items()}
    )


_KEYS = {"enforce": ENFORCE, "part_of": PART_OF, "name": "app.kubernetes.io/name"}


def unlabelled(planned: Planned) -> None:
    planned.values(NAMESPACE)["metadata"][0]["labels"] = None


def load_balancer(*ranges: str, annotations: dict[str, str] | None = None) -> Change:
    """Model A's Service as the provider plans a LoadBalancer; without ranges it has null there."""

    def change(planned: Planned) -> None:
        service = planned.values(SERVICE)
        service["spec"][0].update(type="LoadBalancer", load_balancer_source_ranges=list(ranges) or None)
        service["metadata"][0]["annotations"] = annotations

    return change


def budget_for(name: str) -> Change:
    return lambda planned: planned.values(f"{BUDGET}.models_a")["spec"][0]["selector"][0].update(
        match_labels={"app.kubernetes.io/name": name}
    )


def without(type_name: str) -> Change:
    return lambda planned: planned.remove(type_name)


def both(*changes: Change) -> Change:
    return lambda planned: [change(planned) for change in changes]


def autoscaler(least: int) -> Change:
    target = [{"api_version": "apps/v1", "kind": "Deployment", "name": "rnn-forecaster-a"}]
    metadata = [{"name": "rnn-forecaster-a", "namespace": "rnn-forecaster"}]
    spec = [{"min_replicas": least, "max_replicas": 5, "scale_target_ref": target}]
    return added("kubernetes_horizontal_pod_autoscaler_v2", metadata=metadata, spec=spec)


def daemon_set(**pod: object) -> Change:
    one = {"name": "x", "image": "registry.example/x:0123456789abcdef", "resources": [NEEDS]}
    template = {"metadata": [{"labels": {}}], "spec": [{"container": [one], **pod}]}
    return added("kubernetes_daemon_set_v1", metadata=[{"name": "x"}], spec=[{"template": [template]}])


MISTAKES: list[tuple[str, str, str, Change]] = [
    ("MDY_1", RNN, NAMESPACE, labels(enforce=None)),
    ("MDY_1", RNN, NAMESPACE, labels(enforce="privileged")),
    ("MDY_2", RNN, NAMESPACE, labels(part_of="prod")),
    ("MDY_2", RNN, NAMESPACE, labels(name="")),
    ("MDY_3", SALES, "kubernetes_namespace_v1.namespace", manifest("NetworkPolicy", kind="Networkpolicy")),
    ("MDY_5", RNN, SERVICE, load_balancer()),
    ("MDY_5", RNN, SERVICE, load_balancer("0.0.0.0/0")),
    ("MDY_5", RNN, SERVICE, load_balancer("0.0.0.0/0", annotations=INTERNAL_ON_GKE)),
    ("MDY_5", RNN, SERVICE, load_balancer("0.0.0.0/1", "128.0.0.0/1")),
    ("MDY_5", RNN, SERVICE, load_balancer("203.0.113.0/24", "::/0")),
    ("MDY_5", RNN, SERVICE, load_balancer("everybody")),
    ("MDY_5", POLYAXON, f"{CHART}/values", chart_values(gateway={"service": {"type": "LoadBalancer"}})),
    (
        "MDY_5",
        POLYAXON,
        "helm_release.database_release/Service/polyaxon-postgresql",
        manifest("Service", "spec", type="LoadBalancer"),
    ),
    ("MDY_6", RNN, DEPLOYMENT, budget_for("rnn-forecaster-b")),
    ("MDY_6", RNN, DEPLOYMENT, both(replicas(1), autoscaler(2), budget_for("rnn-forecaster-b"))),
    ("MDY_6", POLYAXON, DATABASE, manifest("StatefulSet", "spec", replicas=3)),
    ("MDY_7", RNN, DEPLOYMENT, replicas(1)),
    ("MDY_8", RNN, DEPLOYMENT, container(image="registry.example:5000/x")),
    ("MDY_8", RNN, DEPLOYMENT, container(image="postgres:latest")),
    ("MDY_8", RNN, COMPARISON, comparison(image="postgres:16")),
    ("MDY_8", POLYAXON, f"{CHART}/values", chart_values(api={"image": {"repository": "x", "tag": "latest"}})),
    ("MDY_9", RNN, COMPARISON, comparison(image="registry.k8s.io/kubectl:v1.34.2")),
    ("MDY_14", RNN, COMPARISON, comparison_pod(hostNetwork=True)),
    ("MDY_14", RNN, COMPARISON, comparison_pod(volumes=[{"name": "x", "hostPath": {"path": "/"}}])),
    ("MDY_14", RNN, COMPARISON, comparison(securityContext={"privileged": True})),
    ("MDY_14", RNN, COMPARISON, comparison(securityContext={"capabilities": {"add": ["NET_ADMIN"]}})),
    ("MDY_14", POLYAXON, f"{CHART}/values", chart_values(agent={"hostNetwork": True})),
    ("MDY_14", RNN, "kubernetes_daemon_set_v1.added", daemon_set(host_pid=True)),
    ("MDY_15", RNN, COMPARISON, comparison(resources={"requests": {"cpu": "1"}})),
    ("MDY_15", POLYAXON, DATABASE, database(resources={})),
]


@pytest.mark.parametrize(("check", "stack", "place", "change"), MISTAKES)
def test_a_mistake_is_found(check: str, stack: str, place: str, change: Change) -> None:
    assert new_findings(stack, change) == {(check, place)}


def test_a_namespace_without_any_label_says_neither_whose_it_is_nor_what_it_enforces() -> None:
    assert new_findings(RNN, unlabelled) == {("MDY_1", NAMESPACE), ("MDY_2", NAMESPACE)}


def test_each_deployment_of_several_replicas_has_to_have_its_own_budget() -> None:
    assert new_findings(RNN, without(BUDGET)) == {("MDY_6", DEPLOYMENT), ("MDY_6", DEPLOYMENT.replace("_a_", "_b_"))}


@pytest.mark.parametrize(
    ("stack", "change"),
    [
        (RNN, labels(enforce="baseline")),
        (RNN, load_balancer("203.0.113.0/24", "198.51.100.0/25")),
        (RNN, load_balancer(annotations=INTERNAL_ON_GKE)),
        (RNN, load_balancer(annotations=INTERNAL_ON_AKS)),
        (
            POLYAXON,
            chart_values(service={"type": "LoadBalancer", "spec": {"loadBalancerSourceRanges": ["203.0.113.0/24"]}}),
        ),
        (RNN, both(replicas(1), autoscaler(2))),
        (RNN, container(image=f"postgres:16@{DIGEST}")),
        (RNN, container(image="registry.example:5000/x:0123456789abcdef")),
        (POLYAXON, chart_values(api={"image": {"tag": "16", "digest": DIGEST}})),
        (POLYAXON, chart_values(api={"image": {"tag": ""}})),
        (RNN, comparison(securityContext={"privileged": False, "capabilities": {"add": ["NET_BIND_SERVICE"]}})),
        (RNN, daemon_set(host_pid=False)),
        # These are checkov's to find: two findings for one mistake need two exceptions.
        (RNN, container(security_context=[{"privileged": True}])),
        (RNN, container(resources=[])),
    ],
)
def test_what_is_right_is_let_through(stack: str, change: Change) -> None:
    assert new_findings(stack, change) == set()
