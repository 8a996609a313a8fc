"""An environment on a cluster that is there already."""

import copy
import json
import re

from modelyard.errors import ConfigurationError
from modelyard.names import kubernetes_name

import pytest

from stacks.environments import load_cloud_settings, load_settings
from stacks.local.settings import LocalSettings
from stacks.services import find_services
from tests.conftest import Stacks, Synthesise


@pytest.fixture(scope="session")
def local_settings() -> LocalSettings:
    loaded = load_settings("local")
    assert isinstance(loaded, LocalSettings)
    return loaded


@pytest.fixture(scope="session")
def local_stacks(local_settings: LocalSettings, synthesise: Synthesise) -> Stacks:
    """The environment local as it is committed."""
    return synthesise(local_settings)


def test_there_are_stacks_of_services_and_their_add_ons_only(local_stacks: Stacks) -> None:
    services = find_services()
    names = {kubernetes_name(service.folder.name) for service in services}
    add_ons = {name for service in services for name in service.stack.requires}
    assert local_stacks.keys() == {f"local-{name}" for name in names | add_ons}
    assert local_stacks["local-image-classifier"]["terraform"]["backend"] == {
        "local": {"path": "../../../terraform.local-image-classifier.tfstate"}
    }


def test_the_states_may_be_in_the_cluster(
    local_settings: LocalSettings, synthesise: Synthesise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/a/config")

    synthesised = synthesise(local_settings.model_copy(update={"state": "cluster"}), only=("image_classifier",))

    assert synthesised["local-image-classifier"]["terraform"]["backend"] == {
        "kubernetes": {
            "config_context": "kind-modelyard",
            "config_paths": ["/a/config"],
            "namespace": "default",
            "secret_suffix": "local-image-classifier",
        }
    }


def test_only_provider_backend_and_registry_differ_from_a_cloud(
    local_settings: LocalSettings, synthesise: Synthesise, stacks: Stacks
) -> None:
    # Who may call is the environment's choice, in clouds as here.
    ranges = load_settings("gke-dev").source_ranges
    here = local_settings.model_copy(update={"source_ranges": ranges})
    ours = synthesise(here, only=("image_classifier",))["local-image-classifier"]
    theirs = copy.deepcopy(stacks["gke-dev-image-classifier"])
    for each in (ours, theirs):
        # The dashboard, which links to the cloud's own logs where there is one.
        del each["resource"]["kubernetes_config_map_v1"]

    different = {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}
    # What stands below "//" is cdktf's own.
    assert different - {"//"} == {"data", "provider", "resource", "terraform"}
    assert ours["terraform"].keys() == theirs["terraform"].keys() == {"backend", "required_providers"}
    repository = "us-central1-docker.pkg.dev/modelyard-dev/gke-dev"
    declared = json.dumps(ours["resource"], sort_keys=True).replace('"localhost/', f'"{repository}/')
    named = re.sub(r'"local("|-image-classifier/)', r'"gke-dev\1', declared)
    there = json.dumps(theirs["resource"], sort_keys=True)
    # Nobody keeps logs here.
    assert named == re.sub(r"\[The logs of these pods\]\(https://[^)]*\)[^\\]*(\\+n){2}", "", there)


@pytest.mark.parametrize(
    ("variable", "paths"),
    [("", ["~/.kube/config"]), ("/a/config", ["/a/config"]), ("/a/config:/b/config", ["/a/config", "/b/config"])],
)
def test_the_kubeconfig_is_kubectls(
    variable: str,
    paths: list[str],
    local_settings: LocalSettings,
    synthesise: Synthesise,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUBECONFIG", variable)

    stack = synthesise(local_settings, only=("image_classifier",))["local-image-classifier"]
    (kubernetes,) = stack["provider"]["kubernetes"]

    assert kubernetes == {"config_context": "kind-modelyard", "config_paths": paths}


def test_a_request_that_no_node_holds_names_the_key_to_change(
    local_settings: LocalSettings, synthesise: Synthesise
) -> None:
    small = local_settings.node.model_copy(update={"memory": "512Mi"})

    with pytest.raises(ConfigurationError, match=r"768Mi requested, 512Mi allocatable .*node\.memory = 512Mi"):
        synthesise(local_settings.model_copy(update={"node": small}))


def test_what_only_clouds_have_is_refused_plainly() -> None:
    with pytest.raises(ConfigurationError, match=r'given "local": .*allowed here: one of "aks", "gke"'):
        load_cloud_settings("local")
