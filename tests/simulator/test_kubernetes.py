"""What a cluster refuses, and which pods never run."""

from pathlib import Path

import pytest

from simulator import World
from simulator.kubernetes.pods import missing_reference
from simulator.world import Scope, Values
from tests.simulator.conftest import NewTerraform
from tests.simulator.estate import (
    HOST,
    IMAGE,
    Config,
    Terraform,
    absent_service,
    changed,
    cluster,
    deployment,
    namespace,
)

# Real Terraform, again and again.
pytestmark = pytest.mark.slow

NOT_READY = "Waiting for rollout to finish: 1 replicas wanted; 0 replicas Ready"


@pytest.mark.parametrize(
    ("host", "error"),
    [
        ("https://198.51.100.1", "dial tcp 198.51.100.1:443: i/o timeout"),
        ("https://cluster.invalid", "dial tcp: lookup cluster.invalid: no such host"),
        (None, "dial tcp [::1]:80: connect: connection refused"),
    ],
)
def test_the_host_must_be_a_cluster_of_the_world(terraform: Terraform, host: str | None, error: str) -> None:
    terraform.write(namespace("unreachable"), provider={"kubernetes": {"host": host}})
    assert error in terraform.refused()


REASONS = [
    f'deployments.apps default/never-built: ImagePullBackOff: Failed to pull image "{IMAGE.replace(":1", ":2")}"',
    'name unknown: Repository "missing" not found',
    "default/too-large: FailedScheduling: 0/3 nodes are available: 3 Insufficient cpu.",
    "default/too-much: FailedScheduling: 0/3 nodes are available: 3 Insufficient memory.",
    "default/nowhere: FailedScheduling: 0/3 nodes are available: 3 node(s) didn't match",
    'default/no-secret: CreateContainerConfigError: secret "missing" not found',
    'default/no-map: CreateContainerConfigError: configmap "missing" not found',
    'default/no-account: FailedCreate: error looking up service account: serviceaccount "missing" not found',
]


def test_a_deployment_whose_pods_can_not_run_fails_with_the_reason(kubernetes: Config, terraform: Terraform) -> None:
    missing_secret = {"name": "KEY", "value_from": {"secret_key_ref": {"name": "missing", "key": "key"}}}
    missing_map = {"config_map_ref": {"name": "missing"}}
    terraform.write(
        {
            "kubernetes_deployment_v1": {
                "never-built": deployment("never-built", "default", image=IMAGE.replace(":1", ":2")),
                "no-repository": deployment("no-repository", "default", image=IMAGE.replace("models", "missing")),
                "too-large": deployment("too-large", "default", cpu="941m"),
                "too-much": changed(
                    deployment("too-much", "default"),
                    "spec.template.spec.init_container",
                    [{"name": "init", "image": IMAGE, "resources": {"requests": {"memory": "3Gi"}}}],
                ),
                "nowhere": deployment("nowhere", "default", node_selector={"disk": "ssd"}),
                "no-secret": deployment("no-secret", "default", container={"env": [missing_secret]}),
                "no-map": deployment("no-map", "default", container={"env_from": [missing_map]}),
                "no-account": deployment("no-account", "default", service_account_name="missing"),
            },
        },
        provider=kubernetes,
    )
    errors = terraform.refused()
    terraform.destroy()
    assert NOT_READY in errors
    assert [reason for reason in REASONS if reason not in errors] == []


def test_a_release_may_have_made_a_secret_of_its_own_name(tmp_path: Path) -> None:
    scope = Scope(tmp_path)
    scope.put("helm_release", "default/password", {})
    mounted: Values = {"service_account_name": "", "container": [], "init_container": []}

    def missing(name: str) -> str | None:
        secret = {"secret_name": name, "optional": None}
        volume = {"secret": [secret], "config_map": [], "persistent_volume_claim": []}
        return missing_reference({**mounted, "volume": [volume]}, "default", scope)

    assert missing("password") is None
    assert missing("another") == 'CreateContainerConfigError: secret "another" not found'


def test_wrong_objects_are_refused(kubernetes: Config, terraform: Terraform) -> None:
    wrong_selector = deployment("selects-others", "default")
    terraform.write(
        {
            "kubernetes_deployment_v1": {
                "no-namespace": deployment("no-namespace", "missing"),
                "selects-others": changed(wrong_selector, "spec.selector.match_labels", {"app": "another"}),
            },
            "kubernetes_config_map_v1": {"name": {"metadata": {"name": "Not_A_Name"}}},
        },
        provider=kubernetes,
    )
    errors = terraform.refused()
    assert 'namespaces "missing" not found' in errors
    assert 'Deployment.apps "selects-others" is invalid' in errors
    assert 'ConfigMap "Not_A_Name" is invalid: metadata.name: Invalid value: "Not_A_Name"' in errors


def test_a_failed_deployment_is_made_anew_once_its_image_is_built(
    kubernetes: Config, terraform: Terraform, world: World
) -> None:
    image = IMAGE.replace(":1", ":late")
    terraform.write(
        {"kubernetes_deployment_v1": {"late": deployment("late", "default", image=image)}}, provider=kubernetes
    )
    terraform.refused()
    world.set_built_images([*world.built_images(), image])
    assert terraform.changes() == {"kubernetes_deployment_v1.late": "replace"}
    terraform.apply()
    assert not terraform.has_changes()
    terraform.destroy()


def test_an_image_of_another_registry_is_accepted_with_a_warning(kubernetes: Config, terraform: Terraform) -> None:
    web = deployment("foreign", "default", image="docker.io/library/nginx:1.29")
    terraform.write({"kubernetes_deployment_v1": {"foreign": web}}, provider=kubernetes)
    printed = " ".join(terraform.apply().split())
    assert "default/foreign: not checked in the simulated world: can docker.io/library/nginx:1.29 be pulled?" in printed
    terraform.destroy()


def test_all_pods_together_must_fit_the_nodes(
    enabled_apis: None, kubernetes: Config, new_terraform: NewTerraform
) -> None:
    estate, stack = new_terraform(), new_terraform()
    # Three zones with at most two nodes each, of 940 millicores, hold twelve pods of 400.
    pool = {"autoscaling": {"min_node_count": 0, "max_node_count": 2}}
    estate.write(cluster("full", **pool), output={"host": {"value": HOST}})
    estate.apply()
    provider = {"kubernetes": {"host": estate.outputs()["host"]}}
    first = deployment("first", "default", cpu="400m", replicas=10)
    second = deployment("second", "default", cpu="400m", replicas=2)
    stack.write({"kubernetes_deployment_v1": {"first": first, "second": second}}, provider=provider)
    stack.apply()
    third = deployment("third", "default", cpu="400m")
    stack.write({"kubernetes_deployment_v1": {"first": first, "second": second, "third": third}}, provider=provider)
    assert "default/third: FailedScheduling: 0/6 nodes are available: 6 Insufficient cpu." in stack.refused()


def test_tainted_nodes_take_only_pods_that_tolerate_it(
    enabled_apis: None, kubernetes: Config, new_terraform: NewTerraform
) -> None:
    estate, stack = new_terraform(), new_terraform()
    taint = {"key": "dedicated", "value": "models", "effect": "NO_SCHEDULE"}
    estate.write(cluster("tainted", node_config={"taint": [taint]}), output={"host": {"value": HOST}})
    estate.apply()
    provider = {"kubernetes": {"host": estate.outputs()["host"]}}
    stack.write({"kubernetes_deployment_v1": {"web": deployment("web", "default")}}, provider=provider)
    assert "0/3 nodes are available: 3 node(s) had untolerated taint {dedicated: models}" in stack.refused()
    tolerant = deployment("web", "default", toleration=[{"key": "dedicated", "operator": "Exists"}])
    stack.write({"kubernetes_deployment_v1": {"web": tolerant}}, provider=provider)
    stack.apply()


def test_nodes_with_an_account_of_their_own_need_to_read_the_repository(
    enabled_apis: None, kubernetes: Config, new_terraform: NewTerraform
) -> None:
    estate, stack = new_terraform(), new_terraform()
    account = {"google_service_account": {"nodes": {"account_id": "node-account"}}}
    node_config = {"service_account": "${google_service_account.nodes.email}"}
    resources = account | cluster("least-privilege", node_config=node_config)
    estate.write(resources, output={"host": {"value": HOST}})
    estate.apply()
    web = {"kubernetes_deployment_v1": {"web": deployment("web", "default")}}
    stack.write(web, provider={"kubernetes": {"host": estate.outputs()["host"]}})
    assert "403 Forbidden: node-account@acme.iam.gserviceaccount.com lacks roles/artifactregistry" in stack.refused()
    grant = {
        "repository": "models",
        "location": "us-central1",
        "role": "roles/artifactregistry.reader",
        "member": "${google_service_account.nodes.member}",
    }
    estate.write(resources | {"google_artifact_registry_repository_iam_member": {"nodes": grant}})
    estate.apply()
    stack.apply()


def test_a_namespace_exists_once_and_takes_its_objects_along(
    kubernetes: Config, new_terraform: NewTerraform, world: World
) -> None:
    first, second = new_terraform(), new_terraform()
    objects = {"kubernetes_config_map_v1": {"inside": {"metadata": {"name": "inside", "namespace": "once"}}}}
    for terraform in (first, second):
        terraform.write(namespace("once"), provider=kubernetes)
    first.apply()
    assert 'namespaces "once" already exists' in second.refused()
    second.write(objects, provider=kubernetes)
    second.apply()
    first.destroy()
    assert second.changes() == {"kubernetes_config_map_v1.inside": "create"}


def test_a_service_gets_its_address_when_it_becomes_a_load_balancer(
    kubernetes: Config, new_terraform: NewTerraform
) -> None:
    terraform, reader = new_terraform(), new_terraform()
    metadata = {"name": "opened", "namespace": "default"}
    address = "status[0].load_balancer[0].ingress[*].ip"
    for type_, count in (("ClusterIP", 0), ("LoadBalancer", 1)):
        spec = {"type": type_, "port": [{"port": 80}], "selector": {"app": "opened"}}
        terraform.write({"kubernetes_service_v1": {"web": {"metadata": metadata, "spec": spec}}}, provider=kubernetes)
        terraform.apply()
        reader.write(
            {},
            provider=kubernetes,
            data={"kubernetes_service_v1": {"web": {"metadata": metadata}}},
            output={"addresses": {"value": f"${{data.kubernetes_service_v1.web.{address}}}"}},
        )
        reader.apply()
        assert len(reader.outputs()["addresses"]) == count


def test_a_data_source_says_of_an_object_that_is_not_there_what_it_was_asked(
    kubernetes: Config, terraform: Terraform
) -> None:
    terraform.write(
        {},
        provider=kubernetes,
        data={"kubernetes_service_v1": {"web": {"metadata": {"name": "none", "namespace": "nowhere"}}}},
        output={"service": {"value": "${data.kubernetes_service_v1.web}"}},
    )
    terraform.apply()

    assert terraform.outputs()["service"] == absent_service("none", "nowhere")
