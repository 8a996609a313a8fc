"""The add-on gateway: what is deployed in which order, who may send requests, whose routes count. tests/e2e runs it."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from modelyard import Exposure
from modelyard.gateway import GATEWAY

import pytest

from stacks.add_ons import add_ons_settings
from stacks.add_ons.gateway.values import CHART, METRICS_PORT, PODS, PORT
from stacks.app import build_app
from stacks.environments import load_settings
from stacks.paths import ROOT
from stacks.settings import Settings
from tests.conftest import Stacks, Synthesise, resource

SERVICE = """
from modelyard import add_namespace

from stacks.service import ServiceStack


class Routed(ServiceStack):
    requires = ("gateway",)

    def declare(self) -> None:
        add_namespace(self, "namespace", service=self)
"""
Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that requires the gateway."""
    folder = tmp_path_factory.mktemp("services")
    (folder / "routed").mkdir()
    (folder / "routed" / "service.py").write_text(SERVICE)
    return folder


def environment(settings: Settings, exposure: Exposure | None = None, **gateway: object) -> Settings:
    """Of this service alone, with these keys of the add-on."""
    update: dict[str, object] = {
        "services": {},
        "add_ons": add_ons_settings().model_validate({"gateway": gateway}),
        "source_ranges": exposure or settings.source_ranges,
    }
    return settings.model_copy(update=update)


@pytest.fixture(scope="module")
def synthesised(settings: Settings, services: Path, synthesise: Synthesise) -> Stacks:
    return synthesise(environment(settings), services)


@pytest.fixture(scope="module")
def inside(settings: Settings, services: Path, synthesise: Synthesise) -> Stacks:
    """With an address inside the network, on a cluster that has the Gateway API's kinds."""
    return synthesise(environment(settings, Exposure.internal(), crds=False), services)


def releases(stack: Manifest) -> dict[str, Manifest]:
    """Its releases by their construct's id."""
    return {id_.partition("_release_")[0]: each for id_, each in stack["resource"]["helm_release"].items()}


def waits_for(release: Manifest) -> set[str]:
    """The ids of the releases that come before it."""
    return {each.removeprefix("helm_release.").partition("_release_")[0] for each in release.get("depends_on", [])}


def objects(stack: Manifest, *names: str) -> dict[tuple[str, str], Manifest]:
    """What releases of manifests hold, by kind and name."""
    values = [json.loads(text)["manifests"] for name in names for text in releases(stack)[name]["values"]]
    found = [json.loads(text) for each in values for text in each.values()]
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


def callers(policy: Manifest) -> dict[int, Sequence[Manifest]]:
    """Who may reach which port."""
    return {rule["ports"][0]["port"]: rule["from"] for rule in policy["spec"]["ingress"]}


def test_traefik_comes_after_what_it_reads_and_may_read_and_that_after_its_kinds(synthesised: Stacks) -> None:
    found = releases(synthesised["gke-dev-gateway"])

    assert {id_: waits_for(each) for id_, each in found.items()} == {
        "access": set(),
        "crds": set(),
        "routes": {"crds"},
        "traefik": {"access", "routes"},
    }
    assert {key: found["traefik"][key] for key in CHART} == CHART
    assert [id_ for id_, each in found.items() if each.get("skip_crds")] == ["traefik"]


def test_the_gateway_apis_kinds_are_left_out_where_the_cluster_has_them(inside: Stacks) -> None:
    found = releases(inside["gke-dev-gateway"])

    assert found.keys() == {"access", "routes", "traefik"}
    assert waits_for(found["routes"]) == set()


def test_the_kinds_are_of_one_release_of_the_standard_channel_and_hold_no_templates() -> None:
    chart = ROOT / "charts" / "gateway-api"
    texts = [file.read_text() for file in (chart / "templates").iterdir()]
    (version,) = re.findall("^appVersion: (.*)$", (chart / "Chart.yaml").read_text(), re.MULTILINE)

    annotation = re.compile(r"^    gateway\.networking\.k8s\.io/(?:bundle-version|channel): (\S+)$", re.MULTILINE)
    assert [annotation.findall(text) for text in texts] == [[version, "standard"]] * len(texts)
    assert not [text for text in texts if "{{" in text]


def test_routes_count_from_namespaces_of_the_environment_only(synthesised: Stacks) -> None:
    found = objects(synthesised["gke-dev-gateway"], "routes")

    (listener,) = found["Gateway", GATEWAY]["spec"]["listeners"]
    assert (listener["protocol"], listener["port"]) == ("HTTP", PORT)
    selected = listener["allowedRoutes"]["namespaces"]["selector"]["matchLabels"]
    assert selected == {"app.kubernetes.io/part-of": "gke-dev"}
    namespaces = [resource(synthesised[f"gke-dev-{name}"], "kubernetes_namespace_v1") for name in ("routed", GATEWAY)]
    assert all(selected.items() <= each["metadata"]["labels"].items() for each in namespaces)
    (own,) = found["Gateway", "readiness"]["spec"]["listeners"]
    assert own["allowedRoutes"] == {"namespaces": {"from": "Same"}}


def test_traefik_is_ready_when_a_route_of_its_own_answers(synthesised: Stacks) -> None:
    found = objects(synthesised["gke-dev-gateway"], "routes")
    values = releases(synthesised["gke-dev-gateway"])["traefik"]["values"][0]

    route = found["HTTPRoute", "readiness"]["spec"]
    (match,) = route["rules"][0]["matches"]
    assert route["parentRefs"] == [{"name": "readiness"}]
    assert json.loads(values)["deployment"]["readinessPath"] == match["path"]["value"]


@pytest.mark.parametrize(
    ("which", "exposure"), [("synthesised", Exposure.source_ranges("203.0.113.0/24")), ("inside", Exposure.internal())]
)
def test_whoever_may_reach_the_environments_services_reaches_the_gateway(
    request: pytest.FixtureRequest, which: str, exposure: Exposure
) -> None:
    stack = request.getfixturevalue(which)["gke-dev-gateway"]

    service = resource(stack, "kubernetes_service_v1")
    assert (service["metadata"]["name"], service["spec"]["type"]) == (GATEWAY, "LoadBalancer")
    assert service["spec"]["load_balancer_source_ranges"] == list(exposure.ranges)
    assert bool(service["metadata"].get("annotations")) == exposure.is_internal
    policy = objects(stack, "access")["NetworkPolicy", "callers"]
    assert policy["spec"]["podSelector"] == {}
    assert callers(policy) == {
        PORT: [{"ipBlock": {"cidr": each}} for each in exposure.ranges],
        METRICS_PORT: [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
    }


def test_the_gateways_address_is_an_output(synthesised: Stacks) -> None:
    assert synthesised["gke-dev-gateway"]["output"]["gateway_url"]["description"] == "Where gateway answers."


def test_traefik_changes_nothing_in_the_cluster_but_statuses(synthesised: Stacks) -> None:
    role = objects(synthesised["gke-dev-gateway"], "access")["ClusterRole", "gateway-traefik"]

    changed = [each for each in role["rules"] if not set(each["verbs"]) <= {"get", "list", "watch"}]
    assert all(name.endswith("/status") for each in changed for name in each["resources"])


def test_both_pods_are_counted(settings: Settings, services: Path, tmp_path: Path) -> None:
    app = build_app(environment(load_settings("local")), services=services, outdir=str(tmp_path))

    assert app.node.find_child("local-gateway").pods == [PODS]  # type: ignore[attr-defined]  # a GatewayStack
    assert PODS.replicas == 2
