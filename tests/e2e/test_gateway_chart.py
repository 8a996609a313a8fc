"""Traefik's chart in the add-on's version, rendered by real Helm with the add-on's values."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from modelyard import Exposure
from modelyard.gateway import GATEWAY

import pytest
import yaml

from stacks.add_ons.gateway import access
from stacks.add_ons.gateway.values import ACCOUNT, METRICS_PORT, PODS, PORT, PORT_NAME, SELECTOR, STATUS_PORT, values
from stacks.paths import ROOT
from tests.e2e.conftest import Proof
from tests.e2e.gateway import chart_folder, traefik_source
from tests.e2e.go_modules import module_folder

Object = dict[str, Any]
KINDS = ROOT / "charts" / "gateway-api"


def rendered(helm: Path, given: Mapping[str, object]) -> list[Object]:
    command = [str(helm), "template", PODS.name, str(chart_folder()), "--skip-crds"]
    # A Helm that was not built by its makers takes itself for one of Kubernetes 1.20.
    options = ["--namespace", GATEWAY, "--kube-version", "1.34", "--values", "-"]
    done = subprocess.run(
        [*command, *options], input=json.dumps(given), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


@pytest.fixture(scope="module")
def objects(helm: Path) -> list[Object]:
    return rendered(helm, values())


@pytest.fixture(scope="module")
def deployment(objects: list[Object]) -> Object:
    (found,) = [each["spec"] for each in objects if each["kind"] == "Deployment"]
    return dict(found)


@pytest.fixture(scope="module")
def container(deployment: Object) -> Object:
    (found,) = deployment["template"]["spec"]["containers"]
    return dict(found)


def unknown(given: Mapping[str, Any], known: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Keys that the chart's own values do not have, but for what it hands on as it is given."""
    for key, value in given.items():
        if key not in known:
            yield f"{path}{key}"
        elif isinstance(value, Mapping) and isinstance(known[key], Mapping) and known[key]:
            yield from unknown(value, known[key], f"{path}{key}.")


def test_the_chart_knows_every_value() -> None:
    known = yaml.safe_load((chart_folder() / "values.yaml").read_text())

    # What a pod has, word for word.
    assert set(unknown(values(), known)) == {"podSecurityContext.fsGroup", "podSecurityContext.sysctls"}


def test_the_pods_request_what_is_counted(deployment: Object, container: Object) -> None:
    assert deployment["replicas"] == PODS.replicas
    assert container["resources"] == {"requests": PODS.resources.requests, "limits": PODS.resources.limits}


def test_the_chart_makes_nothing_that_is_ours(objects: list[Object]) -> None:
    found = sorted((each["kind"], each["metadata"]["name"]) for each in objects)

    assert found == [("Deployment", PODS.name), ("PodDisruptionBudget", PODS.name), ("ServiceAccount", ACCOUNT)]


def test_the_load_balancer_finds_the_port_of_the_pods(deployment: Object, container: Object) -> None:
    assert SELECTOR.items() <= deployment["template"]["metadata"]["labels"].items()
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert ports == {PORT_NAME: PORT, "traefik": STATUS_PORT, "metrics": METRICS_PORT}


def test_prometheus_finds_the_port_that_the_policy_lets_it_reach(deployment: Object) -> None:
    annotations = deployment["template"]["metadata"]["annotations"]

    assert annotations["prometheus.io/scrape"] == "true"
    assert annotations["prometheus.io/port"] == str(METRICS_PORT)


def test_traefik_reads_the_gateway_api_only_shows_no_page_and_calls_nobody(container: Object) -> None:
    arguments = dict(each.removeprefix("--").partition("=")[::2] for each in container["args"])

    assert {name for name in arguments if name.startswith("providers.")} == {
        "providers.kubernetesgateway",
        "providers.kubernetesgateway.crossProviderNamespaces",
        "providers.kubernetesgateway.statusaddress.service.name",
        "providers.kubernetesgateway.statusaddress.service.namespace",
    }
    assert not [name for name in arguments if name.startswith("api")]
    assert arguments["global.checkNewVersion"] == "false"
    assert "global.sendAnonymousUsage" not in arguments


def test_a_rollout_keeps_the_old_pods_until_new_ones_are_ready(deployment: Object, container: Object) -> None:
    assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    arguments = dict(each.partition("=")[::2] for each in container["args"])
    times = [
        arguments[f"--entryPoints.web.transport.lifeCycle.{name}"]
        for name in ("requestAcceptGraceTimeout", "graceTimeOut")
    ]
    assert deployment["template"]["spec"]["terminationGracePeriodSeconds"] > sum(int(each[:-1]) for each in times)


def granted(role: Object) -> set[tuple[str, str, str]]:
    """What a role allows, one by one."""
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_its_rights_are_fewer_than_the_charts_own(helm: Path, proof: Proof) -> None:
    (charts,) = [
        each for each in rendered(helm, {**values(), "rbac": {"enabled": True}}) if each["kind"] == "ClusterRole"
    ]
    given: list[Object] = access.manifests(namespace=GATEWAY, exposure=Exposure.internal())
    (ours,) = [each for each in given if each["kind"] == "ClusterRole"]

    assert granted(ours) < granted(charts)
    assert not [each for each in granted(ours) if each[1] in ("pods", "nodes")]
    proof(f"Traefik has {len(granted(ours))} rights of the {len(granted(charts))} of its chart")


def test_the_gateway_apis_kinds_are_the_published_ones_of_the_release_that_traefik_is_built_with() -> None:
    released = yaml.safe_load((KINDS / "Chart.yaml").read_text())["appVersion"]
    published = module_folder("sigs.k8s.io/gateway-api", released) / "config" / "crd" / "standard"

    assert re.findall(
        r"^\tsigs\.k8s\.io/gateway-api (\S+)$", (traefik_source() / "go.mod").read_text(), re.MULTILINE
    ) == [released]
    for file in (KINDS / "templates").iterdir():
        assert file.read_bytes() == (published / f"gateway.networking.k8s.io_{file.name}").read_bytes()
