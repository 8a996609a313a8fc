"""What the stacks say, read by the real provider plugins."""

import json
from pathlib import Path

from modelyard.exposure import Exposure

import pytest

from stacks.aks.settings import AksSettings
from stacks.app import build_app
from stacks.environments import load_settings
from stacks.gke.settings import GkeSettings
from stacks.services import find_services
from stacks.settings import CloudSettings, GithubSettings, ServiceSettings, Settings
from terraform_cli.call import terraform
from tests.conftest import with_services
from tests.e2e.conftest import Proof

GKE_DEV, AKS_DEV = load_settings("gke-dev"), load_settings("aks-dev")
assert isinstance(GKE_DEV, GkeSettings)
assert isinstance(AKS_DEV, AksSettings)
GITHUB = {"github": GithubSettings(repository="acme/models", repository_id=821093847, repository_owner_id=5544123)}
VARIANTS: dict[str, Settings] = {
    "gke-dev": GKE_DEV,
    "protected": GKE_DEV.model_copy(update={"protection_lifted": None}),
    "own state in the bucket": GKE_DEV.model_copy(
        update={"state": GKE_DEV.state.model_copy(update={"own_state": "remote"})}
    ),
    "private nodes in two zones": GKE_DEV.model_copy(
        update={
            "cluster": GKE_DEV.cluster.model_copy(
                update={"private_nodes": True, "zones": ("us-central1-a", "us-central1-b")}
            )
        }
    ),
    "three replicas inside": GKE_DEV.model_copy(
        update={"services": {"image-classifier": ServiceSettings(replicas=3, source_ranges=Exposure.internal())}}
    ),
    "gke-dev, a model of the artifact store": with_services(GKE_DEV, {"iris": {"model": "iris/iris-model.zip"}}),
    "gke-dev, for workflows of a repository": GKE_DEV.model_copy(update=GITHUB),
    "prod": load_settings("prod"),
    "aks-dev": AKS_DEV,
    "aks-dev, a model of the artifact store": with_services(AKS_DEV, {"iris": {"model": "iris/iris-model.zip"}}),
    "aks-dev, for workflows of a repository": AKS_DEV.model_copy(update=GITHUB),
    "aks-dev, protected, with an uptime guarantee": AKS_DEV.model_copy(
        update={
            "protection_lifted": None,
            "cluster": AKS_DEV.cluster.model_copy(
                update={"sku_tier": "Standard", "control_plane_ranges": Exposure.world()}
            ),
        }
    ),
}


@pytest.fixture(scope="module")
def looked_at() -> set[str]:
    """Configurations of stacks: most of a variant's are those of another, to the byte."""
    return set()


@pytest.mark.parametrize("name", VARIANTS)
def test_every_stack_is_valid_and_google_plans_it(
    name: str, tmp_path: Path, real_providers: dict[str, str], looked_at: set[str], proof: Proof
) -> None:
    settings = VARIANTS[name]
    assert isinstance(settings, CloudSettings)
    build_app(settings, outdir=str(tmp_path)).synth()
    # A token of no worth: google asks nobody when it plans new resources.
    variables = real_providers | {"GOOGLE_OAUTH_ACCESS_TOKEN": "fake"}

    folders = sorted(tmp_path.glob("stacks/*"))
    services = find_services()
    add_ons = {name for service in services for name in service.stack.requires}
    assert len(folders) == 4 + bool(settings.github) + len(services) + len(add_ons)
    new = {folder: text for folder in folders if (text := (folder / "cdk.tf.json").read_text()) not in looked_at}
    assert new
    for folder, text in new.items():
        configuration = json.loads(text)
        configuration["terraform"]["backend"] = {"local": {}}
        (folder / "cdk.tf.json").write_text(json.dumps(configuration))
        terraform(folder, variables, "init", "-input=false")
        assert "The configuration is valid" in terraform(folder, variables, "validate")
        # A service reads its cluster first, which is not there; azurerm does nothing at all without an account.
        if "data" not in configuration and "azurerm" not in configuration["provider"]:
            count = sum(len(each) for each in configuration["resource"].values())
            assert f"Plan: {count} to add" in terraform(folder, variables, "plan", "-input=false")
        looked_at.add(text)
    proof(f"{name}: {len(folders)} stacks valid for the real providers, {len(new)} of them as no variant before")
