"""OpenTofu in Terraform's place, by a link of that name: docs/engines.md says how."""

import os
import re
import shutil
from pathlib import Path

import pytest

from terraform_cli.call import terraform
from tests.conftest import CLOUD_ENVIRONMENTS, run_modelyard
from tests.e2e.conftest import Proof
from tests.rehearsals import Rehearsing, rehearsing

ADDRESSES = re.compile(r"registry\.(\w+)\.\w+/hashicorp")


@pytest.fixture
def path_with_opentofu(tmp_path: Path) -> str:
    """A PATH on which `terraform` is OpenTofu."""
    tofu = shutil.which("tofu")
    if tofu is None:
        pytest.skip("no tofu: OpenTofu was not tried")
    (folder := tmp_path / "opentofu").mkdir()
    (folder / "terraform").symlink_to(tofu)
    return os.pathsep.join([str(folder), os.environ["PATH"]])


def registries(estate: Rehearsing) -> set[str]:
    """Under whose registry the states name providers."""
    states = estate.rehearsal.states.glob("*.tfstate")
    return {found for state in states for found in ADDRESSES.findall(state.read_text())}


def plan_nothing(estate: Rehearsing, path: str) -> None:
    """Raises TerraformError if a stack's plan has a change, which is exit code 2."""
    for stack in estate.rehearsal.stacks():
        folder = estate.rehearsal.output / "stacks" / stack
        terraform(folder, estate.variables | {"PATH": path}, "plan", "-input=false", "-detailed-exitcode")


@pytest.mark.parametrize("environment", CLOUD_ENVIRONMENTS)
def test_an_estate_goes_from_terraform_to_opentofu_and_back(
    environment: str, checkout: Path, path_with_opentofu: str, proof: Proof
) -> None:
    cluster = ["--only", f"{environment}-cluster"]
    with rehearsing(checkout, environment) as estate:
        for registry, path in (
            ("terraform", os.environ["PATH"]),
            ("opentofu", path_with_opentofu),
            ("terraform", os.environ["PATH"]),
        ):
            before = estate.left()
            done = estate.modelyard("up", environment, *cluster, "--yes", PATH=path)
            assert done.returncode == 0, done.stderr
            assert registries(estate) == {registry}
            plan_nothing(estate, path)
            # Things of other ids would be other things.
            assert before in ([], estate.left())
        proof(f"{environment}: {len(estate.left())} things by Terraform, OpenTofu, and Terraform again: no change")


@pytest.mark.parametrize("environment", CLOUD_ENVIRONMENTS)
def test_opentofu_rehearses_a_whole_estate(
    environment: str, checkout: Path, path_with_opentofu: str, proof: Proof
) -> None:
    done = run_modelyard(checkout, "rehearse", environment, PATH=path_with_opentofu)

    assert done.returncode == 0, done.stderr
    assert "planned again: no change" in done.stdout
    assert "destroyed: 0 left" in done.stdout
    proof(f"{environment} by OpenTofu: deployed, planned again without a change, 0 left")
