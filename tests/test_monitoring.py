"""Monitoring: which services have a dashboard, what is in it, and who may read what."""

import base64
import gzip
import json
import re
from typing import Any
from urllib.parse import unquote

from modelyard import Exposure, HttpMetrics, ModelService, NodeCapacity, Resources, ServiceScope
from modelyard.azure.cluster import AksClusterRef
from modelyard.gcp.cluster import GkeClusterRef
from modelyard.kubeconfig import KubeconfigClusterRef
from modelyard.service_dashboard import Workload, dashboard_uid, service_dashboard

import cdktf
import pytest

from stacks.add_ons.monitoring import grafana, prometheus
from tests.conftest import Stacks, resource

NODE = NodeCapacity(machine_type="a node", cpu_millicores=940, memory_mebibytes=2780, arithmetic="")
METRICS = HttpMetrics(
    requests="http_requests_total", outcome="code", success="2..", duration="http_seconds", path="/numbers"
)
IRIS = Workload(namespace="iris", deployment="iris")


def declared(*, monitored: bool, metrics: HttpMetrics | None = METRICS) -> dict[str, Any]:
    """The Terraform configuration of one service."""
    scope = ServiceScope(
        cdktf.App(),
        "test-echo",
        environment="test",
        service_name="echo",
        cluster=KubeconfigClusterRef(context="test", capacity=NODE),
        monitored=monitored,
    )
    ModelService(
        scope,
        "service",
        image="echo",
        port=8080,
        resources=Resources(cpu="100m", memory="64Mi"),
        exposure=Exposure.internal(),
        metrics=metrics,
    )
    return dict(scope.to_terraform())


def test_a_monitored_service_is_found_reached_and_shown() -> None:
    stack = declared(monitored=True)

    template = resource(stack, "kubernetes_deployment_v1")["spec"]["template"]
    assert template["metadata"]["annotations"] == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "8080",
        "prometheus.io/path": "/numbers",
    }
    (ingress,) = resource(stack, "kubernetes_network_policy_v1")["spec"]["ingress"]
    *_, monitoring = ingress["from"]
    assert monitoring == {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "monitoring"}}}
    shown = resource(stack, "kubernetes_config_map_v1")
    assert shown["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(shown["data"]["echo.json"])["uid"] == "echo"
    assert stack["output"]["dashboard"]["value"] == "http://localhost:3000/d/echo"


@pytest.mark.parametrize(("monitored", "metrics"), [(False, METRICS), (True, None)])
def test_who_is_not_monitored_or_tells_nothing_has_neither_dashboard_nor_another_way_in(
    monitored: bool, metrics: HttpMetrics | None
) -> None:
    stack = declared(monitored=monitored, metrics=metrics)

    assert "kubernetes_config_map_v1" not in stack["resource"]
    assert "dashboard" not in stack["output"]
    assert "annotations" not in resource(stack, "kubernetes_deployment_v1")["spec"]["template"]["metadata"]
    assert "namespace_selector" not in json.dumps(resource(stack, "kubernetes_network_policy_v1"))


def test_a_dashboard_is_of_the_pods_of_one_deployment() -> None:
    assert re.fullmatch(IRIS.pods, "iris-5b959fb7d5-chcsf")
    assert not re.fullmatch(IRIS.pods, "iris-notebook-5b959fb7d5-chcsf")


def test_panels_stand_side_by_side_within_the_grid() -> None:
    shown = json.loads(service_dashboard(name="iris", workload=IRIS, metrics=METRICS, logs_url=None))

    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in shown["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) == 23
    assert len({panel["id"] for panel in shown["panels"]}) == len(shown["panels"])


def test_a_long_name_is_cut_to_what_grafana_takes() -> None:
    assert dashboard_uid(f"{'n' * 39}-model") == "n" * 39


def test_on_gke_logs_are_cloud_loggings_query_for_these_pods() -> None:
    cluster = GkeClusterRef(project_id="a-project", region="us-central1", name="dev", machine_type="n1-standard-1")

    url = cluster.logs_url(namespace="iris", pods=IRIS.pods)

    ((query, project),) = re.findall("/logs/query;query=(.*)[?]project=(.*)$", url)

    assert project == "a-project"
    assert unquote(query).splitlines() == [
        'resource.type="k8s_container"',
        'resource.labels.project_id="a-project"',
        'resource.labels.location="us-central1"',
        'resource.labels.cluster_name="dev"',
        'resource.labels.namespace_name="iris"',
        'resource.labels.pod_name=~"^iris-[^-]+-[^-]+$"',
    ]


def test_on_aks_logs_are_a_query_over_the_clusters_own() -> None:
    cluster = AksClusterRef(
        subscription_id="a-subscription", resource_group="a-group", name="dev", machine_type="Standard_D2s_v5"
    )

    (found,) = re.findall("/scope/(.*)/q/(.*)/prettify/", cluster.logs_url(namespace="iris", pods=IRIS.pods))

    scope, query = map(unquote, found)
    (of,) = json.loads(scope)["resources"]
    assert of["resourceId"] == (
        "/subscriptions/a-subscription/resourceGroups/a-group/providers/Microsoft.ContainerService/managedClusters/dev"
    )
    assert (
        'PodNamespace == "iris" and PodName matches regex "^iris-[^-]+-[^-]+$"'
        in gzip.decompress(base64.b64decode(query)).decode()
    )


def test_without_a_cloud_logs_are_a_command() -> None:
    shown = json.loads(service_dashboard(name="iris", workload=IRIS, metrics=METRICS, logs_url=None))

    content = shown["panels"][-1]["options"]["content"]
    assert "kubectl logs --namespace iris deployment/iris --all-pods --follow" in content
    assert "http" not in content


def test_grafana_begins_anew_with_another_password(stacks: Stacks) -> None:
    releases = {each["name"]: each for each in stacks["gke-dev-monitoring"]["resource"]["helm_release"].values()}

    assert json.loads(releases["grafana-admin"]["values"][0])["keys"] == [grafana.PASSWORD_KEY]
    assert '"modelyard/secret-grafana-admin": "1"' in releases["grafana"]["values"][0]
    assert (releases["grafana"]["version"], releases["prometheus"]["version"]) == (
        grafana.CHART["version"],
        prometheus.CHART["version"],
    )


def test_what_prometheus_has_collected_is_a_volume_that_terraform_knows(stacks: Stacks) -> None:
    claim = resource(stacks["gke-dev-monitoring"], "kubernetes_persistent_volume_claim_v1")

    assert claim["metadata"]["name"] == "prometheus"
    assert "lifecycle" not in claim  # gke-dev's protection is lifted
    namespace = resource(stacks["gke-dev-monitoring"], "kubernetes_namespace_v1")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
