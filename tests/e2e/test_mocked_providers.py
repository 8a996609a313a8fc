"""Every stack under `terraform test`: the real providers' own checks, with what they would create mocked."""

import functools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from comparison.estate import Configuration, configuration, deploy, state, synthesise
from estate.rehearsal import Rehearsal
from simulator import SimulatedProviders
from simulator.schema import Block, ProviderSchema
from terraform_cli.call import TerraformError, terraform
from tests.conftest import CLOUD_ENVIRONMENTS
from tests.e2e.conftest import Proof

# Stack, type, arguments, and the provider's words: what no schema refuses.
REFUSED: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "a range": (
        "gke-dev-cluster",
        "google_compute_subnetwork",
        {"ip_cidr_range": "10.0.0.0/33"},
        "not a valid IP CIDR range",
    ),
    "in conflict": (
        "gke-dev-cluster",
        "google_container_cluster",
        {"cluster_ipv4_cidr": "10.0.0.0/14"},
        "conflicts with ip_allocation_policy",
    ),
    "a choice": (
        "aks-dev-cluster",
        "azurerm_kubernetes_cluster",
        {"sku_tier": "Gold"},
        "expected sku_tier to be one of",
    ),
    "a name": ("aks-dev-registry", "azurerm_container_registry", {"name": "a-b"}, "alpha numeric characters only"),
    "a label": (
        "gke-dev-image-classifier",
        "kubernetes_namespace_v1",
        {"metadata": {"name": "Classifier"}},
        "a lowercase RFC 1123 subdomain must consist of",
    ),
}


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Rehearsal]:
    """An environment, deployed to a simulated world of its own."""

    @functools.cache
    def rehearse(environment: str) -> Rehearsal:
        rehearsal = Rehearsal(environment, tmp_path_factory.mktemp("rehearsal") / environment)
        synthesise(rehearsal)
        with SimulatedProviders(rehearsal.world) as providers:
            deploy(rehearsal, providers.environment)
        return rehearsal

    return rehearse


@pytest.mark.parametrize("environment", CLOUD_ENVIRONMENTS)
def test_every_stack_passes_the_checks_of_the_real_providers(
    environment: str,
    rehearsed: Callable[[str], Rehearsal],
    tmp_path: Path,
    real_providers: dict[str, str],
    proof: Proof,
) -> None:
    rehearsal = rehearsed(environment)
    for stack in rehearsal.stacks():
        folder = tmp_path / stack
        write_test(folder, configuration(rehearsal, stack), state(rehearsal, stack))
        terraform(folder, real_providers, "init", "-input=false")

        assert "1 passed, 0 failed" in terraform(folder, real_providers, "test")
    proof(f"{environment}: {len(rehearsal.stacks())} stacks pass terraform test with the real providers' checks")


@pytest.mark.parametrize("what", REFUSED)
def test_what_only_a_providers_code_refuses_is_refused(
    what: str, rehearsed: Callable[[str], Rehearsal], tmp_path: Path, real_providers: dict[str, str]
) -> None:
    stack, type_name, arguments, words = REFUSED[what]
    environment = next(name for name in CLOUD_ENVIRONMENTS if stack.startswith(f"{name}-"))
    rehearsal = rehearsed(environment)
    content = configuration(rehearsal, stack)
    next(iter(content["resource"][type_name].values())).update(arguments)
    write_test(tmp_path / stack, content, state(rehearsal, stack))
    terraform(tmp_path / stack, real_providers, "init", "-input=false")

    with pytest.raises(TerraformError) as error:
        terraform(tmp_path / stack, real_providers, "test")

    assert words in " ".join(str(error.value).split())


def write_test(folder: Path, content: Configuration, deployed: Path) -> None:
    """Writes a stack and its test: applied with mocks that give what the simulated world gave, and destroyed."""
    folder.mkdir()
    content = content | {"terraform": content["terraform"] | {"backend": {"local": {}}}}
    for resource in (one for named in content["resource"].values() for one in named.values()):
        resource.get("lifecycle", {}).pop("prevent_destroy", None)
    resources = [each for each in json.loads(deployed.read_text())["resources"] if each["instances"]]
    (folder / "cdk.tf.json").write_text(without_blocks_that_mocks_leave_empty(json.dumps(content), resources))
    test = {
        "mock_provider": {name: {} for name in content["provider"]},
        "override_resource": [overridden(each) for each in resources if each["mode"] == "managed"],
        "override_data": [overridden(each) for each in resources if each["mode"] == "data"],
        "run": {"applies": {"command": "apply"}},
    }
    (folder / "stack.tftest.json").write_text(json.dumps(test))


def without_blocks_that_mocks_leave_empty(content: str, resources: list[dict[str, Any]]) -> str:
    """The configuration with a value for each reference to a block that the provider itself would add."""
    for resource in resources:
        values = resource["instances"][0]["attributes"]
        for block in schema_of(resource).nested:
            reference = rf"\$\{{{resource['type']}\.{resource['name']}\.{block}\[0\]\.(\w+)\}}"
            for argument in set(re.findall(reference, content)):
                value = values[block][0][argument]
                content = re.sub(reference.replace(r"(\w+)", argument), value, content)
    return content


def overridden(resource: dict[str, Any]) -> dict[str, Any]:
    """What a mock gives for one resource or data source: what the provider would compute."""
    values = resource["instances"][0]["attributes"]
    computed = {name: values[name] for name, one in schema_of(resource).attributes.items() if one.computed}
    known = {name: value for name, value in computed.items() if value is not None}
    prefix = "data." if resource["mode"] == "data" else ""
    return {"target": f"{prefix}{resource['type']}.{resource['name']}", "values": known}


def schema_of(resource: dict[str, Any]) -> Block:
    type_name: str = resource["type"]
    schema = ProviderSchema(type_name.partition("_")[0])
    return schema.data_source(type_name) if resource["mode"] == "data" else schema.resource(type_name)
