"""Jobs of deploy.yml and deploy-environment.yml, run as they stand: only what was reviewed is deployed."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.workflows.machine import AZURE, GKE, GOOGLE, NOTED, SETUP, Machine, ran
from tests.workflows.steps import Action, Job


def test_environments_are_those_whose_state_store_keeps_its_own_state(machine: Machine) -> None:
    job = ran(machine.run("deploy", "environments"))
    assert job.outputs["list"] == "[]"
    assert "::notice title=gke-dev is not set up::" in job.output

    machine.own_state("gke-dev", "remote")
    job = ran(machine.run("deploy", "environments"))
    assert job.outputs["list"] == '[{"name": "gke-dev", "cloud": "gke"}]'
    assert "local" not in job.output


@pytest.mark.parametrize(
    ("workflow", "job"), [("deploy-environment", "plan"), ("images", "images"), ("deploy-environment", "deploy")]
)
@pytest.mark.parametrize("variables", [{}, AZURE, {**GOOGLE, "GOOGLE_SERVICE_ACCOUNT": ""}])
def test_without_an_identity_a_job_ends_with_a_notice(
    machine: Machine, workflow: str, job: str, variables: dict[str, str]
) -> None:
    needs = {"plan": {"outputs": {"changes": "true"}}}

    done = ran(machine.run(workflow, job, inputs=GKE, vars=variables, needs=needs))

    assert done.succeeded
    assert done.names == ["actions/checkout", "Look for an identity"]
    assert done.output == (
        "::notice title=gke-dev is not set up::this job has no identity in the cloud: see docs/workflows.md\n"
    )
    assert set(done.outputs.values()) <= {""}


@pytest.mark.parametrize(("changes", "said"), [(["x"], "true"), ([], "false")])
def test_a_plan_against_the_real_state_is_kept_for_the_review(machine: Machine, changes: list[str], said: str) -> None:
    machine.report(changes)

    job = ran(machine.run("deploy-environment", "plan", inputs=GKE, vars=GOOGLE))

    assert machine.called()[-1] == "modelyard preview --live --env gke-dev --output TEMP/plan"
    assert job.outputs == {"changes": said}
    assert job.summary == "the whole report\n"
    assert job.steps[-1].with_["name"] == "reviewed-gke-dev"
    (signed_in,) = [step for step in job.steps if step.name == "google-github-actions/auth"]
    assert set(signed_in.with_.values()) == set(GOOGLE.values())
    needs = {"plan": {"outputs": job.outputs}}
    machine.actions["actions/download-artifact"] = reviewed(machine, changes)
    assert bool(machine.run("deploy-environment", "deploy", inputs=GKE, vars=GOOGLE, needs=needs)) is bool(changes)


def test_on_azure_terraform_and_kubelogin_are_told_who_they_are(machine: Machine) -> None:
    del machine.actions[SETUP]
    machine.install("modelyard", f"#!/bin/bash\n{NOTED}env > '{machine.temporary}/env'")

    ran(machine.run("deploy-environment", "plan", inputs={"cloud": "aks", "environment": "aks-dev"}, vars=AZURE))

    known = (machine.temporary / "env").read_text().splitlines()
    assert {"AAD_LOGIN_METHOD=azurecli", "ARM_USE_OIDC=true", "ARM_CLIENT_ID=c", "ARM_TENANT_ID=t"} <= set(known)
    assert f"TF_PLUGIN_CACHE_DIR={machine.temporary}/plugins" in known


def test_a_denied_plan_fails_and_gives_nothing_to_deploy(machine: Machine) -> None:
    machine.report(["x"])
    machine.code = 1

    job = ran(machine.run("deploy-environment", "plan", inputs=GKE, vars=GOOGLE))

    assert not job.succeeded
    assert job.outputs == {"changes": ""}
    assert job.steps[-1].name == "actions/upload-artifact"


def reviewed(machine: Machine, changes: list[str]) -> Action:
    def download(inputs: Mapping[str, str]) -> dict[str, str]:
        Path(inputs["path"]).mkdir()
        (Path(inputs["path"]) / "report.json").write_text(json.dumps({"changes": changes}))
        assert inputs["name"] == "reviewed-gke-dev"
        return {}

    shutil.rmtree(machine.temporary / "reviewed", ignore_errors=True)
    return download


def deploy(machine: Machine, changes: list[str]) -> Job:
    machine.actions["actions/download-artifact"] = reviewed(machine, changes)
    machine.synthesised("cluster", "identities", "iris")
    needs = {"plan": {"outputs": {"changes": "true"}}}
    return ran(machine.run("deploy-environment", "deploy", inputs=GKE, vars=GOOGLE, needs=needs))


def test_the_reviewed_plan_is_applied(machine: Machine) -> None:
    machine.report(["x"])

    job = deploy(machine, ["x"])

    assert job.succeeded, job.output
    assert machine.called()[-2:] == [
        "modelyard preview --live --env gke-dev --output TEMP/plan",
        "npx cdktf deploy gke-dev-cluster gke-dev-iris --auto-approve in gke-dev",
    ]


def test_a_plan_that_nobody_has_reviewed_is_not_applied(machine: Machine) -> None:
    machine.report(["x", "y"])

    job = deploy(machine, ["x"])

    assert not job.succeeded
    assert "::error::The plan is not the reviewed one any more, nothing was applied" in job.output
    assert [line for line in machine.called() if line.startswith("npx")] == []


def test_a_plan_that_can_no_longer_be_made_is_not_applied(machine: Machine) -> None:
    machine.report(["x"])
    machine.code = 1

    assert not deploy(machine, ["x"]).succeeded
    assert [line for line in machine.called() if line.startswith("npx")] == []
