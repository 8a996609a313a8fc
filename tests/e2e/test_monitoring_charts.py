"""The charts of Prometheus and Grafana in their pinned versions, rendered by real Helm, for a real API server."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from stacks.add_ons.monitoring import access, grafana, prometheus
from tests.e2e.conftest import Proof
from tests.e2e.local_cluster import kubectl
from tests.e2e.monitoring import Object, rendered

TAKEN_BY = "monitoring-chart-e2e"


@pytest.fixture(scope="module")
def objects(helm: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    folder = tmp_path_factory.mktemp("charts")
    return [
        *rendered(helm, prometheus.CHART, prometheus.values(claim="prometheus"), folder),
        *rendered(helm, grafana.CHART, grafana.values(credentials="admin", pod_annotations={"a": "b"}), folder),
    ]


@pytest.fixture
def namespace(kubeconfig: str, tmp_path: Path) -> Iterator[None]:
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": TAKEN_BY, "labels": labels}}
    (file := tmp_path / "namespace.json").write_text(json.dumps(manifest))
    kubectl(kubeconfig, "apply", "-f", str(file))
    yield
    kubectl(kubeconfig, "delete", "namespace", TAKEN_BY)


def of_kind(objects: list[Object], kind: str) -> dict[str, Object]:
    return {each["metadata"]["name"]: each for each in objects if each["kind"] == kind}


@pytest.mark.usefixtures("namespace")
def test_a_namespace_for_restricted_pods_takes_all_that_the_charts_make(
    objects: list[Object], kubeconfig: str, proof: Proof
) -> None:
    given = [*objects, *access.manifests(namespace=TAKEN_BY)]
    items = [{**each, "metadata": {**each["metadata"], "namespace": TAKEN_BY}} for each in given]
    command = ["kubectl", "--kubeconfig", kubeconfig, "apply", "--dry-run=server", "-f", "-"]
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})

    done = subprocess.run(command, input=listed, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stderr
    assert "PodSecurity" not in done.stderr
    assert done.stdout.count("(server dry run)") == len(items)
    proof(f"charts of Prometheus and Grafana: {len(items)} objects are taken by a real API server")


def test_the_pods_of_the_charts_request_what_is_counted(objects: list[Object]) -> None:
    found: dict[str, tuple[int, int]] = {}
    for name, each in of_kind(objects, "Deployment").items():
        requests = [item["resources"]["requests"] for item in each["spec"]["template"]["spec"]["containers"]]
        found[name] = (
            sum(int(request["cpu"].removesuffix("m")) for request in requests),
            sum(int(request["memory"].removesuffix("Mi")) for request in requests),
        )

    counted = (prometheus.SERVER, prometheus.KUBE_STATE_METRICS, grafana.PODS)
    assert found == {each.name: (each.cpu_millicores, each.memory_mebibytes) for each in counted}


def test_nothing_of_it_is_public_and_no_chart_gives_itself_rights_or_passwords(objects: list[Object]) -> None:
    assert {each["spec"]["type"] for each in of_kind(objects, "Service").values()} == {"ClusterIP"}
    # That of kube-state-metrics, which lists pods and deployments.
    assert of_kind(objects, "ClusterRole").keys() == {"kube-state-metrics"}
    assert of_kind(objects, "Secret") == {}
    assert {each["kind"] for each in objects} == {
        "ClusterRole",
        "ClusterRoleBinding",
        "ConfigMap",
        "Deployment",
        "Service",
        "ServiceAccount",
    }


def test_what_has_rights_is_the_account_that_got_them(objects: list[Object]) -> None:
    pods = {name: each["spec"]["template"]["spec"] for name, each in of_kind(objects, "Deployment").items()}

    assert pods["prometheus"]["serviceAccountName"] == prometheus.ACCOUNT
    assert pods["grafana"]["serviceAccountName"] == grafana.ACCOUNT


def test_prometheus_scrapes_nothing_but_what_the_add_on_says(objects: list[Object]) -> None:
    config = yaml.safe_load(of_kind(objects, "ConfigMap")["prometheus"]["data"]["prometheus.yml"])

    assert [each["job_name"] for each in config["scrape_configs"]] == ["pods", "kube-state-metrics", "cadvisor"]
    assert "alerting" not in config


def test_grafanas_sidecar_reads_no_secret_and_calls_nobody(objects: list[Object]) -> None:
    sidecar, server = of_kind(objects, "Deployment")["grafana"]["spec"]["template"]["spec"]["containers"]

    given = {each["name"]: each["value"] for each in sidecar["env"]}
    assert given["LABEL"] == "grafana_dashboard"
    assert given["NAMESPACE"] == "ALL"
    assert given["RESOURCE"] == "configmap"
    assert not {name for name in given if name.startswith("REQ_")}
    assert {each["mountPath"] for each in sidecar["volumeMounts"]} <= {
        each["mountPath"] for each in server["volumeMounts"]
    }
