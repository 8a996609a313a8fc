"""Two models behind one address: how requests are divided, and what is refused since nobody would heed it."""

from typing import Any

from modelyard import ABTest, Autoscaling, ConfigurationError, Exposure, Resources, ServiceScope, Side
from modelyard.traffic_split import replicas_by_side

import cdktf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.releases import manifests
from tests.test_model_service import NODE, Cluster

OFFICE = Exposure.source_ranges("203.0.113.0/24")


def sides(a: int, b: int) -> dict[str, Side]:
    return {name: Side(weight=weight, image=f"registry/{name}:1") for name, weight in (("a", a), ("b", b))}


def declared(*, gateway: Exposure | None = None, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any of ABTest's
    """The Terraform configuration of one test."""
    scope = ServiceScope(
        cdktf.App(),
        "test-echo",
        environment="test",
        service_name="echo",
        cluster=Cluster(context="test", capacity=NODE),
        gateway=gateway,
    )
    arguments: dict[str, Any] = {
        "sides": sides(75, 25),
        "port": 8501,
        "resources": Resources(cpu="100m", memory="512Mi"),
        "exposure": OFFICE,
        "replicas": 4,
    } | changes
    ABTest(scope, "test", **arguments)
    return dict(scope.to_terraform())


def by_name(stack: dict[str, Any], type_name: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in stack["resource"][type_name].values()}


def replicas(stack: dict[str, Any]) -> dict[str, str]:
    return {name: each["spec"]["replicas"] for name, each in by_name(stack, "kubernetes_deployment_v1").items()}


def test_without_a_gateway_the_ratio_of_pods_is_that_of_the_weights() -> None:
    assert replicas(declared()) == {"echo-a": "3", "echo-b": "1"}


def test_one_address_finds_the_pods_of_both_sides_and_each_side_has_a_service_of_its_own() -> None:
    stack = declared(more_ports={"grpc": 8500})

    services, deployments = by_name(stack, "kubernetes_service_v1"), by_name(stack, "kubernetes_deployment_v1")
    labels = {name: each["spec"]["template"]["metadata"]["labels"].items() for name, each in deployments.items()}
    found = {
        name: {pods for pods in labels if each["spec"]["selector"].items() <= labels[pods]}
        for name, each in services.items()
    }
    assert found == {"echo": {"echo-a", "echo-b"}, "echo-a": {"echo-a"}, "echo-b": {"echo-b"}}
    assert [each["port"] for each in services["echo-a"]["spec"]["port"]] == [8501, 8500]
    # A connection of gRPC stays where it is: nothing would be divided.
    assert [each["port"] for each in services["echo"]["spec"]["port"]] == [80]


def test_a_ratio_of_pods_is_not_lost_by_nodes() -> None:
    stack = declared()

    # Local would divide by nodes first. Cluster hides the callers, so that a policy could not tell them apart.
    assert by_name(stack, "kubernetes_service_v1")["echo"]["spec"]["external_traffic_policy"] == "Cluster"
    assert by_name(stack, "kubernetes_service_v1")["echo"]["spec"]["load_balancer_source_ranges"] == ["203.0.113.0/24"]
    for policy in by_name(stack, "kubernetes_network_policy_v1").values():
        everybody, neighbours = policy["spec"]["ingress"]
        assert ("from" in everybody, everybody["ports"]) == (False, [{"port": "8501", "protocol": "TCP"}])
        assert neighbours["from"] == [{"pod_selector": {}}]


@pytest.mark.parametrize(
    ("weights", "heavier", "lighter"), [((100, 0), "a", "b"), ((0, 100), "b", "a"), ((25, 75), "b", "a")]
)
def test_a_side_gives_up_pods_only_when_the_other_ones_are_ready(
    weights: tuple[int, int], heavier: str, lighter: str
) -> None:
    deployments = declared(sides=sides(*weights))["resource"]["kubernetes_deployment_v1"]

    address = {
        name: key for key, each in deployments.items() for name in "ab" if each["metadata"]["name"] == f"echo-{name}"
    }
    assert f"kubernetes_deployment_v1.{address[heavier]}" in deployments[address[lighter]]["depends_on"]
    assert f"kubernetes_deployment_v1.{address[lighter]}" not in deployments[address[heavier]]["depends_on"]


def test_a_gateway_divides_by_a_route_and_lets_both_sides_be() -> None:
    stack = declared(gateway=OFFICE, sides=sides(99, 1), replicas=2, header="side")

    assert replicas(stack) == {"echo-a": "2", "echo-b": "2"}
    assert set(by_name(stack, "kubernetes_service_v1")) == {"echo-a", "echo-b"}
    route = manifests(stack, "echo-route")["HTTPRoute"]["spec"]
    assert route["parentRefs"] == [{"namespace": "gateway", "name": "gateway"}]
    divided, *chosen = route["rules"]
    assert {each["name"]: each["weight"] for each in divided["backendRefs"]} == {"echo-a": 99, "echo-b": 1}
    headers = {each["backendRefs"][0]["name"]: each["matches"][0]["headers"][0] for each in chosen}
    assert headers == {f"echo-{side}": {"name": "side", "value": side} for side in "ab"}
    assert {each["matches"][0]["path"]["value"] for each in route["rules"]} == {"/echo"}
    assert stack["output"]["url"]["value"].startswith("http://${try(data.kubernetes_service_v1.test_route_gateway_")
    assert stack["output"]["url"]["value"].endswith("}/echo/")


def test_behind_a_gateway_only_it_and_the_namespace_reach_the_pods() -> None:
    stack = declared(gateway=OFFICE, more_ports={"grpc": 8500})

    for policy in by_name(stack, "kubernetes_network_policy_v1").values():
        gateway, neighbours = policy["spec"]["ingress"]
        (namespace,) = gateway["from"]
        assert namespace["namespace_selector"]["match_labels"] == {"kubernetes.io/metadata.name": "gateway"}
        assert [each["port"] for each in gateway["ports"]] == ["8501"]
        assert neighbours["from"] == [{"pod_selector": {}}]
        assert [each["port"] for each in neighbours["ports"]] == ["8501", "8500"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sides": sides(60, 60)}, "a = 60, b = 60: 120 in all"),
        ({"sides": sides(110, -10)}, "a = 110, b = -10"),
        ({"sides": {"a": Side(weight=100, image="a")}}, "1 sides (a): an A/B test has two"),
        ({"sides": {"a": Side(weight=50, image="a"), "B": Side(weight=50, image="b")}}, "the side's name 'B'"),
        ({"replicas": 3}, "that of 3 pods is 100:0, 67:33, 33:67, 0:100"),
        ({"replicas": 3}, "or replicas = 4"),
        ({"autoscaling": Autoscaling(min_replicas=1, max_replicas=3)}, "it would change their ratio"),
        ({"header": "side"}, "nobody looks at their headers"),
        (
            {"gateway": OFFICE, "exposure": Exposure.internal()},
            "all routes share the gateway's address, which 203.0.113.0/24",
        ),
        ({"gateway": OFFICE, "port": 80}, "port = 80"),
        ({"gateway": OFFICE, "resources": Resources(cpu="2", memory="1Gi")}, "2000m requested"),
    ],
)
def test_what_a_backend_would_ignore_is_refused_with_the_reason(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        declared(**given)

    assert said in str(error.value)


def test_with_a_gateway_any_weights_autoscaling_and_a_header_are_taken() -> None:
    stack = declared(
        gateway=OFFICE, sides=sides(97, 3), autoscaling=Autoscaling(min_replicas=1, max_replicas=3), header="x"
    )

    assert len(stack["resource"]["kubernetes_horizontal_pod_autoscaler_v2"]) == 2


@given(weight=st.integers(0, 100), pods=st.integers(1, 200))
def test_a_ratio_is_what_was_asked_to_the_per_cent_or_refused(weight: int, pods: int) -> None:
    weights = {"a": weight, "b": 100 - weight}
    try:
        divided = replicas_by_side(weights, pods)
    except ConfigurationError:
        assert all(abs(100 * each / pods - weight) >= 0.5 for each in range(pods + 1))
    else:
        assert sum(divided.values()) == pods
        assert all(abs(100 * divided[side] / pods - weights[side]) <= 0.5 for side in weights)
