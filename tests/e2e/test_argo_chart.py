"""Argo's chart in the pinned version, rendered by real Helm with the add-on's values, for a real API server."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.add_ons.argo_workflows.repository import KEY_FORMAT, StoreKind
from stacks.add_ons.argo_workflows.stack import CHART
from stacks.add_ons.argo_workflows.values import CONTROLLER, EXECUTOR, SERVER, VERSION, values
from tests.e2e.conftest import Proof
from tests.e2e.local_cluster import kubectl

NAMESPACE = "argo-chart-e2e"
REPOSITORY: dict[StoreKind, dict[str, str]] = {"gcs": {"bucket": "a-bucket", "keyFormat": KEY_FORMAT}}
Object = dict[str, Any]


@pytest.fixture(scope="module")
def rendered(helm: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    """What the chart makes of the add-on's values; its archive is in MODELYARD_CHARTS, or in the chart repository."""
    folder, name = tmp_path_factory.mktemp("chart"), f"{CHART['chart']}-{CHART['version']}.tgz"
    archive = Path(os.environ.get("MODELYARD_CHARTS", "")) / name
    if not archive.is_file():
        archive = folder / name
        options = ["--repo", CHART["repository"], "--version", CHART["version"], "--destination", str(folder)]
        pulled = subprocess.run([helm, "pull", CHART["chart"], *options], capture_output=True, check=False, timeout=60)
        if pulled.returncode:
            pytest.skip(f"{CHART['repository']} was not reached and MODELYARD_CHARTS has no {name}: chart not rendered")
    given = values(repository=REPOSITORY, account_annotations={"a": "b"}, pod_labels={"c": "d"})
    (file := folder / "values.json").write_text(json.dumps(given))
    command = [str(helm), "template", "argo-workflows", str(archive), "--namespace", NAMESPACE, "--values", str(file)]
    printed = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    return [each for each in yaml.safe_load_all(printed) if each]


def of_kind(rendered: list[Object], kind: str) -> dict[str, Object]:
    return {each["metadata"]["name"]: each for each in rendered if each["kind"] == kind}


@pytest.fixture
def namespace(kubeconfig: str, tmp_path: Path) -> Iterator[None]:
    """Takes pods that keep to the strictest standard, as the add-on's does."""
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}
    (file := tmp_path / "namespace.json").write_text(json.dumps(manifest))
    kubectl(kubeconfig, "apply", "-f", str(file))
    yield
    kubectl(kubeconfig, "delete", "namespace", NAMESPACE)


@pytest.mark.usefixtures("namespace")
def test_the_api_server_takes_all_that_the_chart_makes(rendered: list[Object], kubeconfig: str, proof: Proof) -> None:
    command = ["kubectl", "--kubeconfig", kubeconfig, "apply", "-n", NAMESPACE, "--dry-run=server", "-f", "-"]
    given = json.dumps({"apiVersion": "v1", "kind": "List", "items": rendered})

    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stderr
    assert "PodSecurity" not in done.stderr
    assert done.stdout.count("(server dry run)") == len(rendered)
    proof(f"Argo's chart {CHART['version']}: {len(rendered)} objects are taken by a real API server")


def test_the_chart_is_of_the_version_that_is_tested(rendered: list[Object]) -> None:
    pods = [each["spec"]["template"]["spec"] for each in of_kind(rendered, "Deployment").values()]
    images = [each["image"] for pod in pods for each in pod["containers"]]

    assert len(images) == 2
    assert {image.rpartition(":")[2] for image in images} == {VERSION}
    assert f"quay.io/argoproj/argoexec:{VERSION}" in json.dumps(pods)


def test_the_pods_of_the_chart_request_what_is_counted(rendered: list[Object]) -> None:
    found = of_kind(rendered, "Deployment")

    assert {name: each["spec"]["template"]["spec"]["containers"][0]["resources"] for name, each in found.items()} == {
        each.name: {"requests": each.resources.requests, "limits": each.resources.limits}
        for each in (CONTROLLER, SERVER)
    }


def test_the_server_is_the_account_that_may_read_artifacts_and_nobody_reaches_it_from_outside(
    rendered: list[Object],
) -> None:
    server = of_kind(rendered, "Deployment")[SERVER.name]["spec"]["template"]

    assert server["spec"]["serviceAccountName"] == SERVER.name
    assert server["metadata"]["labels"]["c"] == "d"
    assert of_kind(rendered, "ServiceAccount")[SERVER.name]["metadata"]["annotations"]["a"] == "b"
    assert "--auth-mode=client" in server["spec"]["containers"][0]["args"]
    assert {each["spec"]["type"] for each in of_kind(rendered, "Service").values()} == {"ClusterIP"}


def test_argos_own_variables_come_through_the_chart(rendered: list[Object]) -> None:
    (settings,) = of_kind(rendered, "ConfigMap").values()
    config = yaml.safe_load(settings["data"]["config"])

    assert config["artifactRepository"] == REPOSITORY
    assert EXECUTOR.items() <= config["executor"].items()
