"""The main job as a person runs it: the real CDKTF CLI, the real Terraform, simulated providers."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import tomlkit

from simulator.world import World
from tests.conftest import CLOUD_ENVIRONMENTS, Command, command_environment, keep_only
from tests.e2e.conftest import Proof
from tests.e2e.credentials import CREDENTIAL, with_credentials, written

SERVICE = Path("services/image_classifier/service.py")


def states(checkout: Path) -> list[Path]:
    found = sorted((checkout / ".rehearsal" / "gke-dev" / "states").glob("*.tfstate"))
    assert found
    return found


@pytest.mark.parametrize("environment", CLOUD_ENVIRONMENTS)
def test_the_estate_is_deployed_planned_again_and_destroyed_without_a_rest(
    environment: str, checkout: Path, modelyard_command: Command, proof: Proof
) -> None:
    done = modelyard_command("rehearse", environment)

    assert done.returncode == 0, done.stderr
    deployed = re.search(r"deployed: (\d+) resources in (\d+) stacks", done.stdout)
    assert deployed
    assert f"planned again: no change in {deployed[2]} stacks" in done.stdout
    assert "destroyed: 0 left" in done.stdout
    proof(f"{environment} rehearsed: {deployed[1]} resources in {deployed[2]} stacks, no change planned again, 0 left")

    checked = re.search(r"(\d+) checks passed, 0 failed", modelyard_command("policies", environment).stdout)
    reported = modelyard_command("report", environment)

    # It takes the verdict for that of its own stacks, those of a protected environment as well.
    assert reported.stdout == f"report: .rehearsal/{environment}/report.html\n", reported.stderr
    assert checked
    page = (checkout / ".rehearsal" / environment / "report.html").read_text()
    assert f"<p>{int(checked[1]):,} checks passed, 0 failed" in page


@pytest.mark.parametrize("environment", CLOUD_ENVIRONMENTS)
def test_no_credential_is_in_any_state_plan_or_output(
    environment: str, checkout: Path, modelyard_command: Command, proof: Proof
) -> None:
    done = modelyard_command("rehearse", environment, "--keep")

    assert done.returncode == 0, done.stderr
    assert len([path for path in written(checkout) if path.suffix == ".tfstate"]) >= 4
    assert with_credentials(checkout) == []
    assert not CREDENTIAL.search(done.stdout + done.stderr)
    proof(f"{environment} rehearsed: no credential in the output, nor in {len(written(checkout))} files")


def test_a_cluster_with_local_accounts_would_put_a_credential_into_the_state(
    checkout: Path, modelyard_command: Command
) -> None:
    cluster = checkout / "constructs" / "modelyard" / "azure" / "cluster.py"
    cluster.write_text(cluster.read_text().replace("local_account_disabled=True", "local_account_disabled=False"))

    assert modelyard_command("rehearse", "aks-dev", "--only", "aks-dev-cluster", "--keep").returncode == 0

    assert "aks-dev-cluster.tfstate" in {path.name for path in with_credentials(checkout)}


@pytest.mark.parametrize(
    ("environment", "grant"),
    [("gke-dev", "google_storage_bucket_iam_member"), ("aks-dev", "azurerm_federated_identity_credential")],
)
def test_a_service_that_reads_artifacts_is_granted_that_and_leaves_nothing_behind(
    checkout: Path, modelyard_command: Command, proof: Proof, environment: str, grant: str
) -> None:
    file = checkout / "environments" / f"{environment}.toml"
    document = tomlkit.parse(file.read_text())
    document["services"]["iris"] = {"model": "iris/iris-model.zip"}
    file.write_text(tomlkit.dumps(document))

    done = modelyard_command("rehearse", environment, "--only", f"{environment}-iris")
    checked = modelyard_command("policies", environment)

    assert done.returncode == 0, done.stderr
    plan = (checkout / ".rehearsal" / environment / "plans" / f"{environment}-iris.json").read_text()
    assert f"{grant}.artifacts_" in plan
    assert "planned again: no change" in done.stdout
    assert "destroyed: 0 left" in done.stdout
    # Of a part of the environment: exceptions for the others are unused.
    assert " checks passed, 0 failed, " in checked.stdout, checked.stdout
    proof(f"{environment} rehearsed with iris reading its model from the artifact store: no change, 0 left")


@pytest.mark.parametrize("environment", ["gke-dev", "aks-dev"])
def test_identities_of_workflows_are_made_planned_again_and_leave_nothing_behind(
    modelyard_command: Command, proof: Proof, environment: str
) -> None:
    numbers = ["--repository-id", "821093847", "--owner-id", "5544123"]
    assert modelyard_command("identities", environment, "--repository", "acme/models", *numbers).returncode == 0

    done = modelyard_command("rehearse", environment, "--only", f"{environment}-identities")

    assert done.returncode == 0, done.stderr
    assert "planned again: no change in 4 stacks" in done.stdout
    assert "destroyed: 0 left" in done.stdout
    proof(f"{environment}-identities rehearsed: no change planned again, 0 left")


def test_a_bucket_with_artifacts_stops_a_destroy_once_all_that_costs_is_gone(
    checkout: Path, modelyard_command: Command, proof: Proof
) -> None:
    assert modelyard_command("rehearse", "gke-dev", "--keep").returncode == 0
    bucket = "modelyard-dev-gke-dev-artifacts"
    model = {"id": f"{bucket}-model.zip", "bucket": bucket}
    World(checkout / ".rehearsal" / "gke-dev" / "world").google.put("google_storage_bucket_object", model["id"], model)

    script = f"""
        eval "$({checkout}/.venv/bin/python -m commands rehearse gke-dev --shell)"
        cdktf destroy '*' --auto-approve
    """
    done = by_hand(checkout, script)

    assert done.returncode == 1
    assert f"Error trying to delete bucket {bucket} without `force_destroy`" in done.stdout + done.stderr
    left = {state.stem for state in states(checkout) if json.loads(state.read_text())["resources"]}
    assert left == {"gke-dev-state", "gke-dev-registry", "gke-dev-artifacts"}
    proof(f"a destroy that stopped at a bucket with one object left {', '.join(sorted(left))}")


def by_hand(checkout: Path, script: str) -> subprocess.CompletedProcess[str]:
    """What a person types into a shell in the copied repo, within five minutes."""
    return subprocess.run(
        ["bash", "-c", script],
        cwd=checkout,
        env=command_environment(checkout) | {"CI": "true"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_a_protected_environment_is_rehearsed_with_the_step_that_lifts_it(
    checkout: Path, modelyard_command: Command
) -> None:
    assert modelyard_command("protection", "restore", "gke-dev").returncode == 0

    done = modelyard_command("rehearse", "--only", "gke-dev-cluster")

    assert done.returncode == 0, done.stderr
    assert "protected: lifting it" in done.stdout
    assert "destroyed: 0 left" in done.stdout


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({'self.image("runtime")': 'self.image("runtime") + "0"'}, "ImagePullBackOff"),
        # One pod fills more than half a node. In sum that fits the six nodes, so no check before the deploy refuses it.
        ({'memory="768Mi"': 'memory="1500Mi"', "replicas=self.settings.replicas": "replicas=7"}, "Insufficient"),
    ],
)
def test_what_a_cluster_would_not_run_fails_with_its_own_reason(
    checkout: Path, modelyard_command: Command, changes: dict[str, str], said: str
) -> None:
    text = changed = (checkout / SERVICE).read_text()
    for line, instead in changes.items():
        assert line in changed
        changed = changed.replace(line, instead)
    (checkout / SERVICE).write_text(changed)
    # Others would want their room, and what add-ons lack is said before anything is deployed.
    keep_only(checkout, "image_classifier")

    done = modelyard_command("rehearse")

    assert done.returncode == 1
    assert "deploy of gke-dev-image-classifier failed. Terraform says:" in done.stderr
    assert said in done.stderr
    assert "modelyard rehearse gke-dev --only gke-dev-image-classifier" in done.stderr
    assert "Traceback" not in done.stderr

    # The next good deploy mends it: nothing has to be cleaned up by hand.
    (checkout / SERVICE).write_text(text)
    assert modelyard_command("rehearse").returncode == 0


def test_a_shell_that_rehearses_deploys_and_destroys_by_hand(checkout: Path) -> None:
    script = f"""
        set -e
        eval "$({checkout}/.venv/bin/python -m commands rehearse --shell)"
        cdktf deploy '*' --auto-approve >deploy.log
        terraform -chdir=.rehearsal/gke-dev/cdktf.out/stacks/gke-dev-cluster state list
        cdktf destroy '*' --auto-approve >destroy.log
        echo "simulator: $(pgrep -f 'simulator --world {checkout}')"
    """
    done = by_hand(checkout, script)

    assert done.returncode == 0, done.stderr
    assert "google_container_cluster.gke_cluster" in done.stdout
    assert all(json.loads(state.read_text())["resources"] == [] for state in states(checkout))
    # The providers end with the shell.
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("simulator: ")]
    for process in map(int, line.split()[1:]):
        subprocess.run(["timeout", "10", "tail", f"--pid={process}", "-f", "/dev/null"], check=True)
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
    assert line.split()[1:]
