from typing import Any

from modelyard import Autoscaling, ConfigurationError, Egress, Exposure, ModelService, NodeCapacity, Resources
from modelyard.kubeconfig import KubeconfigClusterRef
from modelyard.service_scope import ServiceScope

import cdktf
import pytest

from tests.conftest import Stacks, resource

NODE = NodeCapacity(
    machine_type="n1-standard-1", cpu_millicores=940, memory_mebibytes=2780, arithmetic="1000m less 60m"
)


class Cluster(KubeconfigClusterRef):
    internal_load_balancer_annotations = {"cloud/internal": "yes"}  # noqa: RUF012 - nobody changes it


SMALL = Resources(cpu="250m", memory="512Mi")
OFFICE = Exposure.source_ranges("203.0.113.0/24")


def declared(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any of ModelService's arguments
    """The Terraform configuration of one service."""
    scope = ServiceScope(
        cdktf.App(),
        "test-echo",
        environment="test",
        service_name="echo",
        cluster=Cluster(context="test", capacity=NODE),
    )
    arguments: dict[str, Any] = {
        "image": "registry/echo:1",
        "port": 8080,
        "resources": SMALL,
        "exposure": OFFICE,
    } | changes
    ModelService(scope, "service", **arguments)
    return dict(scope.to_terraform())


def pod(stack: dict[str, Any]) -> dict[str, Any]:
    return dict(resource(stack, "kubernetes_deployment_v1")["spec"]["template"]["spec"])


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        (Resources(cpu="1200m", memory="512Mi"), "1200m requested, 940m allocatable on n1-standard-1"),
        (Resources(cpu="250m", memory="3Gi"), "3072Mi requested, 2780Mi allocatable on n1-standard-1"),
    ],
)
def test_requests_that_no_node_can_hold_are_refused_with_the_sum(resources: Resources, said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        declared(resources=resources)

    assert said in str(error.value)
    assert "1000m less 60m" in str(error.value)


def test_requests_that_just_fit_are_taken() -> None:
    stack = declared(resources=Resources(cpu="940m", memory="2780Mi"))

    assert pod(stack)["container"][0]["resources"]["requests"] == {"cpu": "940m", "memory": "2780Mi"}


@pytest.mark.parametrize("port", [0, 80, 1023, 65536])
def test_a_port_that_needs_root_is_refused(port: int) -> None:
    with pytest.raises(ConfigurationError, match=f"port = {port}"):
        declared(port=port)


def test_a_service_without_replicas_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="replicas = 0"):
        declared(replicas=0)


def test_a_public_service_needs_source_ranges() -> None:
    with pytest.raises(ConfigurationError, match="source_ranges is empty"):
        Exposure.source_ranges()
    with pytest.raises(ConfigurationError, match="whole internet"):
        Exposure.source_ranges("10.0.0.0/8", "0.0.0.0/0")
    with pytest.raises(TypeError, match="exposure"):
        ModelService(None, "service", image="echo", port=8080, resources=SMALL)  # type: ignore[call-arg, arg-type]


def test_source_ranges_guard_load_balancer_and_pods_alike() -> None:
    stack = declared(exposure=Exposure.source_ranges("203.0.113.0/24", "198.51.100.7/32"))

    balancer = resource(stack, "kubernetes_service_v1")["spec"]
    assert balancer["load_balancer_source_ranges"] == ["203.0.113.0/24", "198.51.100.7/32"]
    # Otherwise the pods would see the node's address instead of the caller's.
    assert balancer["external_traffic_policy"] == "Local"
    (ingress,) = resource(stack, "kubernetes_network_policy_v1")["spec"]["ingress"]
    assert [each["ip_block"]["cidr"] for each in ingress["from"]] == ["203.0.113.0/24", "198.51.100.7/32"]
    assert ingress["ports"] == [{"port": "8080", "protocol": "TCP"}]


def test_an_internal_service_gets_the_clouds_annotation_and_private_ranges() -> None:
    stack = declared(exposure=Exposure.internal())

    service = resource(stack, "kubernetes_service_v1")
    assert service["metadata"]["annotations"] == {"cloud/internal": "yes"}
    assert service["spec"]["load_balancer_source_ranges"] == ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]


def test_the_world_is_let_in_only_when_that_is_said() -> None:
    stack = declared(exposure=Exposure.world())

    assert resource(stack, "kubernetes_service_v1")["spec"]["load_balancer_source_ranges"] == ["0.0.0.0/0"]


def test_pods_reach_dns_only_unless_more_is_declared() -> None:
    (dns,) = resource(declared(), "kubernetes_network_policy_v1")["spec"]["egress"]
    assert {(each["port"], each["protocol"]) for each in dns["ports"]} == {("53", "UDP"), ("53", "TCP")}

    _, internet = resource(declared(egress=Egress.internet()), "kubernetes_network_policy_v1")["spec"]["egress"]
    block = internet["to"][0]["ip_block"]
    assert block["cidr"] == "0.0.0.0/0"
    # Where clouds serve instance credentials, and the private networks.
    assert {"169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"} <= set(block["except"])


def test_pods_meet_the_restricted_standard_that_their_namespace_enforces() -> None:
    stack = declared()
    spec = pod(stack)
    (container,) = spec["container"]

    labels = resource(stack, "kubernetes_namespace_v1")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert spec["security_context"]["seccomp_profile"] == {"type": "RuntimeDefault"}
    assert spec["security_context"]["run_as_non_root"] is True
    assert container["security_context"]["capabilities"] == {"add": [], "drop": ["ALL"]}
    assert container["security_context"]["allow_privilege_escalation"] is False
    assert container["security_context"]["read_only_root_filesystem"] is True


def test_no_pod_gets_a_token_of_the_kubernetes_api() -> None:
    stack = declared()

    assert pod(stack)["automount_service_account_token"] is False
    assert resource(stack, "kubernetes_service_account_v1")["automount_service_account_token"] is False


def test_every_container_has_requests_limits_and_three_probes() -> None:
    (container,) = pod(declared())["container"]

    assert container["resources"] == {
        "limits": {"cpu": "500m", "memory": "512Mi"},
        "requests": {"cpu": "250m", "memory": "512Mi"},
    }
    assert container["startup_probe"]["http_get"] == {"path": "/readyz", "port": "http"}
    assert container["readiness_probe"]["http_get"] == {"path": "/readyz", "port": "http"}
    assert container["liveness_probe"]["http_get"] == {"path": "/healthz", "port": "http"}


def test_a_pod_has_time_to_drain_and_to_finish_requests() -> None:
    spec = pod(declared(shutdown_seconds=50))
    (stop,) = spec["container"][0]["lifecycle"]["pre_stop"]

    assert spec["termination_grace_period_seconds"] == int(stop["exec"]["command"][1]) + 50


def test_a_rollout_starts_the_new_pod_before_it_ends_the_old() -> None:
    strategy = resource(declared(), "kubernetes_deployment_v1")["spec"]["strategy"]

    assert strategy["rolling_update"] == {"max_surge": "1", "max_unavailable": "0"}


def test_a_disruption_budget_comes_with_the_second_replica() -> None:
    assert "kubernetes_pod_disruption_budget_v1" not in declared(replicas=1)["resource"]

    budget = resource(declared(replicas=2), "kubernetes_pod_disruption_budget_v1")
    assert budget["spec"]["max_unavailable"] == "1"


def test_with_an_autoscaler_the_deployment_leaves_the_number_of_replicas_alone() -> None:
    stack = declared(autoscaling=Autoscaling(min_replicas=2, max_replicas=5))

    assert "replicas" not in resource(stack, "kubernetes_deployment_v1")["spec"]
    scaler = resource(stack, "kubernetes_horizontal_pod_autoscaler_v2")["spec"]
    assert (scaler["min_replicas"], scaler["max_replicas"]) == (2, 5)
    assert "kubernetes_pod_disruption_budget_v1" in stack["resource"]


def test_an_autoscaler_that_cannot_scale_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="min_replicas = 3, max_replicas = 2"):
        Autoscaling(min_replicas=3, max_replicas=2)


def test_replicas_and_exposure_come_from_the_environment(stacks: Stacks) -> None:
    stack = stacks["gke-dev-image-classifier"]

    assert resource(stack, "kubernetes_deployment_v1")["spec"]["replicas"] == "1"
    assert resource(stack, "kubernetes_service_v1")["spec"]["load_balancer_source_ranges"] == ["203.0.113.0/24"]


def test_the_cluster_is_reached_with_a_plugin_and_no_credential_stands_in_the_stack(stacks: Stacks) -> None:
    (provider,) = stacks["gke-dev-image-classifier"]["provider"]["kubernetes"]

    assert provider["exec"][0]["command"] == "gke-gcloud-auth-plugin"
    assert not {"token", "password", "client_key", "client_certificate"} & set(provider)
    assert "google_client_config" not in stacks["gke-dev-image-classifier"]["data"]
