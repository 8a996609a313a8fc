"""KServe's and cert-manager's charts, from their Go modules, rendered by real Helm with the add-on's values."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from modelyard import PodRequests
from modelyard.quantities import mebibytes, millicores

import pytest
import yaml

from stacks.add_ons.kserve import cert_manager
from stacks.add_ons.kserve.stack import REPOSITORY
from stacks.add_ons.kserve.values import CONTROLLER, METRICS_PORT, VERSION, WEBHOOK_PORT, values
from tests.e2e.clusters import Cluster
from tests.e2e.conftest import Proof
from tests.e2e.go_modules import module_folder
from tests.e2e.kserve import namespace, rendered
from tests.e2e.local_cluster import kubectl

NAMESPACE = "cert-manager-e2e"
Object = dict[str, Any]


@pytest.fixture(scope="module")
def kserve_objects(kserve_build: Path) -> list[Object]:
    return rendered(kserve_build, "kserve-resources", values())


@pytest.fixture(scope="module")
def cert_manager_objects(helm: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    """Of the chart as it is in the source, where it has no version yet."""
    source = module_folder("github.com/cert-manager/cert-manager", cert_manager.VERSION)
    given = json.dumps(cert_manager.values()).replace(f'"{cert_manager.NAME}"', f'"{NAMESPACE}"')
    (file := tmp_path_factory.mktemp("values") / "values.json").write_text(given)
    # A Helm that was not built by its makers takes itself for one of Kubernetes 1.20.
    options = ["--kube-version", "1.34", "--namespace", NAMESPACE, "--values", str(file)]
    chart = source / "deploy" / "charts" / "cert-manager"
    command = [str(helm), "template", cert_manager.NAME, str(chart), *options]
    printed = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    return [each for each in yaml.safe_load_all(printed) if each]


def deployments(objects: Sequence[Object]) -> dict[str, Object]:
    return {each["metadata"]["name"]: each["spec"] for each in objects if each["kind"] == "Deployment"}


def requested(deployment: Object) -> tuple[int, int, int]:
    """How many pods, and thousandths of a core and MiB of one."""
    requests: list[Mapping[str, str]] = [
        each["resources"]["requests"] for each in deployment["template"]["spec"]["containers"]
    ]
    cpu, memory = (millicores(each["cpu"]) for each in requests), (mebibytes(each["memory"]) for each in requests)
    return deployment.get("replicas", 1), sum(cpu), sum(memory)


def declared(*pods: PodRequests) -> dict[str, tuple[int, int, int]]:
    return {each.name: (each.replicas, each.cpu_millicores, each.memory_mebibytes) for each in pods}


def test_the_pods_of_the_charts_request_what_is_counted(
    kserve_objects: list[Object], cert_manager_objects: list[Object]
) -> None:
    found = deployments([*kserve_objects, *cert_manager_objects])

    assert {name: requested(each) for name, each in found.items()} == declared(
        CONTROLLER, cert_manager.CONTROLLER, cert_manager.INJECTOR, cert_manager.WEBHOOK
    )


def test_kserves_images_are_of_one_version_and_not_pulled_again(kserve_objects: list[Object]) -> None:
    pod = deployments(kserve_objects)[CONTROLLER.name]["template"]["spec"]
    (manager,) = [each for each in pod["containers"] if each["name"] == "manager"]
    (storage,) = [each["spec"]["container"] for each in kserve_objects if each["kind"] == "ClusterStorageContainer"]

    assert (manager["image"], manager["imagePullPolicy"]) == (f"kserve/kserve-controller:{VERSION}", "IfNotPresent")
    assert (storage["image"], storage["imagePullPolicy"]) == (f"kserve/storage-initializer:{VERSION}", "IfNotPresent")
    assert {each["ports"][0]["containerPort"] for each in pod["containers"]} == {WEBHOOK_PORT, 8443}


def test_prometheus_finds_the_controllers_by_their_annotations_where_the_policies_let_it_in(
    kserve_objects: list[Object], cert_manager_objects: list[Object]
) -> None:
    found = deployments([*kserve_objects, *cert_manager_objects])
    annotations = {name: each["template"]["metadata"]["annotations"] for name, each in found.items()}

    assert {each["prometheus.io/scrape"] for each in annotations.values()} == {"true"}
    assert {name: int(each["prometheus.io/port"]) for name, each in annotations.items()} == {
        CONTROLLER.name: METRICS_PORT,
        **dict.fromkeys(
            [cert_manager.NAME, cert_manager.INJECTOR.name, cert_manager.WEBHOOK.name], cert_manager.METRICS_PORT
        ),
    }
    webhook = found[cert_manager.WEBHOOK.name]["template"]["spec"]["containers"][0]
    assert cert_manager.WEBHOOK_PORT in [port["containerPort"] for port in webhook["ports"]]


def test_models_run_as_deployments_without_ingress_and_images_as_models(kserve_objects: list[Object]) -> None:
    (config,) = [each["data"] for each in kserve_objects if each["kind"] == "ConfigMap"]

    assert json.loads(config["deploy"]) == {"defaultDeploymentMode": "Standard"}
    assert json.loads(config["ingress"])["disableIngressCreation"] is True
    assert json.loads(config["storageInitializer"])["enableModelcar"] is False
    assert json.loads(config["localModel"])["enabled"] is False
    assert json.loads(config["security"]) == {"autoMountServiceAccountToken": False}


@pytest.fixture
def restricted(cluster: Cluster, tmp_path: Path) -> Iterator[None]:
    """The namespace that the chart is rendered for, as the add-on makes its own."""
    (file := tmp_path / "namespace.json").write_text(json.dumps(namespace(NAMESPACE)))
    kubectl(cluster.kubeconfig, "apply", "-f", str(file))
    yield
    kubectl(cluster.kubeconfig, "delete", "namespace", NAMESPACE)


@pytest.mark.usefixtures("restricted")
def test_the_api_server_takes_all_that_cert_managers_chart_makes(
    cert_manager_objects: list[Object], cluster: Cluster, proof: Proof
) -> None:
    command = ["kubectl", "--kubeconfig", cluster.kubeconfig, "apply", "--server-side", "--dry-run=server", "-f", "-"]
    given = json.dumps({"apiVersion": "v1", "kind": "List", "items": cert_manager_objects})

    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stderr
    assert "PodSecurity" not in done.stderr
    assert {each["metadata"].get("namespace", NAMESPACE) for each in cert_manager_objects} == {NAMESPACE}
    proof(
        f"cert-manager {cert_manager.VERSION}: {len(cert_manager_objects)} objects of its chart are taken by a real "
        f"API server; its controllers, and charts from {REPOSITORY} and {cert_manager.REPOSITORY}, were not tried"
    )
