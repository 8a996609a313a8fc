from typing import Any

from modelyard import ConfigurationError, Exposure, ModelService, NotebookServer, Resources, Volume, add_namespace
from modelyard.service_scope import ServiceScope

import cdktf
import pytest

from stacks.settings import Settings
from tests.conftest import Stacks, Synthesise, resource, with_services
from tests.test_model_service import NODE, Cluster

Stack = dict[str, Any]
SMALL = Resources(cpu="100m", memory="512Mi")
OFFICE = Exposure.source_ranges("203.0.113.0/24")


def scope() -> ServiceScope:
    cluster = Cluster(context="test", capacity=NODE)
    return ServiceScope(cdktf.App(), "test-echo", environment="test", service_name="echo", cluster=cluster)


def declared(**changes: Any) -> Stack:  # noqa: ANN401 - any of NotebookServer's arguments
    """The Terraform configuration of a notebook server that is alone in its namespace."""
    stack = scope()
    arguments: Stack = {
        "image": "registry/echo-notebook:1",
        "namespace": add_namespace(stack, "namespace", service=stack).metadata.name,
        "resources": SMALL,
        "exposure": OFFICE,
        "protected": False,
    } | changes
    NotebookServer(stack, "notebook", **arguments)
    return dict(stack.to_terraform())


def template(stack: Stack) -> Stack:
    return dict(resource(stack, "kubernetes_deployment_v1")["spec"]["template"])


def test_the_old_pod_lets_go_of_the_volume_before_the_new_one_starts() -> None:
    spec = resource(declared(), "kubernetes_deployment_v1")["spec"]

    assert spec["strategy"] == {"type": "Recreate"}
    assert spec["replicas"] == "1"


def test_what_people_save_is_on_a_claim_of_the_clusters_default_class() -> None:
    stack = declared(volume_size="3Gi")

    claim = resource(stack, "kubernetes_persistent_volume_claim_v1")
    assert claim["spec"] == {"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "3Gi"}}}
    # The default class makes the disk for a pod, which Terraform makes after the claim.
    assert claim["wait_until_bound"] is False
    spec = template(stack)["spec"]
    (volume,) = [each for each in spec["volume"] if "persistent_volume_claim" in each]
    (mount,) = [each for each in spec["container"][0]["volume_mount"] if each["name"] == volume["name"]]
    assert mount["mount_path"] == "/home/notebook"
    assert spec["container"][0]["security_context"]["read_only_root_filesystem"] is True


@pytest.mark.parametrize("protected", [True, False])
def test_terraform_destroys_a_volume_only_where_nothing_is_protected(protected: bool) -> None:
    claim = resource(declared(protected=protected), "kubernetes_persistent_volume_claim_v1")

    assert claim.get("lifecycle", {}).get("prevent_destroy", False) is protected


def test_the_password_is_a_file_and_stands_in_no_argument_variable_or_plan() -> None:
    stack = declared()
    (container,) = template(stack)["spec"]["container"]

    assert not {"env", "env_from", "args", "command"} & {name for name, value in container.items() if value}
    (secret,) = [each for each in template(stack)["spec"]["volume"] if "secret" in each]
    (mount,) = [each for each in container["volume_mount"] if each["name"] == secret["name"]]
    assert (mount["mount_path"], mount["read_only"]) == ("/run/secrets/notebook", True)
    assert resource(stack, "helm_release")["name"] == "echo-notebook-password"


def test_another_password_replaces_the_pod() -> None:
    assert template(declared())["metadata"] != template(declared(password_revision=2))["metadata"]


def test_the_probes_ask_for_what_needs_no_password() -> None:
    (container,) = template(declared())["spec"]["container"]

    assert {container[f"{kind}_probe"]["http_get"]["path"] for kind in ("startup", "readiness", "liveness")} == {"/api"}


def test_beside_a_service_neither_gets_the_others_visitors() -> None:
    stack = scope()
    page = ModelService(stack, "service", image="registry/echo:1", port=8080, resources=SMALL, exposure=OFFICE)
    NotebookServer(
        stack,
        "notebook",
        image="registry/echo-notebook:1",
        namespace=page.namespace,
        resources=SMALL,
        exposure=OFFICE,
        protected=False,
    )
    found = stack.to_terraform()

    for kind in ("service", "network_policy", "deployment"):
        objects = found["resource"][f"kubernetes_{kind}_v1"].values()
        assert {each["metadata"]["name"] for each in objects} == {"echo", "echo-notebook"}
    selectors = [each["spec"]["selector"] for each in found["resource"]["kubernetes_service_v1"].values()]
    pods = [
        each["spec"]["template"]["metadata"]["labels"]
        for each in found["resource"]["kubernetes_deployment_v1"].values()
    ]
    for selector in selectors:
        assert sum(selector.items() <= labels.items() for labels in pods) == 1
    assert len(found["resource"]["kubernetes_namespace_v1"]) == 1
    assert found["output"].keys() == {"url", "notebook_url"}


def test_a_volume_in_two_pods_is_refused() -> None:
    volume = Volume(path="/data", size="1Gi", protected=False)

    with pytest.raises(ConfigurationError, match="a disk can't be in two pods"):
        ModelService(
            scope(),
            "service",
            image="registry/echo:1",
            port=8080,
            resources=SMALL,
            exposure=OFFICE,
            volume=volume,
            replicas=2,
        )


def test_a_size_that_is_no_quantity_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'10 GB'"):
        declared(volume_size="10 GB")


def test_an_environment_does_without_the_notebook(settings: Settings, synthesise: Synthesise, stacks: Stacks) -> None:
    alone = synthesise(with_services(settings, {"iris": {"notebook": False}}), only=("iris",))["gke-dev-iris"]

    assert stacks["gke-dev-iris"]["output"].keys() == {"url", "dashboard", "notebook_url", "training_image"}
    assert alone["output"].keys() == {"url", "dashboard", "training_image"}
    assert "kubernetes_persistent_volume_claim_v1" not in alone["resource"]
