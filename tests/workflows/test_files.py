"""What the workflows may do, read from the files; the tests beside this one run them."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.paths import ROOT
from tests.workflows.steps import ACTIONS, WORKFLOWS, load

FILES = sorted([*WORKFLOWS.glob("*.yml"), *ACTIONS.glob("*/action.yml")])
NAMES = sorted(path.stem for path in WORKFLOWS.glob("*.yml"))
CODE_OF_STRANGERS = ("e2e", "preview", "test")  # on: pull_request
PINNED = re.compile(r"\buses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)+$")


def jobs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = load(WORKFLOWS / f"{name}.yml")["jobs"]
    return found


def every_job() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name in NAMES:
        for id_, job in jobs(name).items():
            yield name, id_, job


def steps(document: dict[str, Any]) -> list[dict[str, Any]]:
    in_jobs = [step for job in document.get("jobs", {}).values() for step in job.get("steps", [])]
    return in_jobs or document.get("runs", {}).get("steps", [])


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT / ".github")))
def test_actions_of_others_are_pinned_by_hash_and_checkouts_keep_no_token(file: Path) -> None:
    used = [line.strip("- ").strip() for line in file.read_text().splitlines() if re.search(r"\buses: ", line)]

    assert [each for each in used if not each.startswith("uses: ./.github/") and not PINNED.search(each)] == []
    for step in steps(load(file)):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_an_action_has_one_version_everywhere() -> None:
    used = {step["uses"] for file in FILES for step in steps(load(file)) if not step.get("uses", "./").startswith("./")}

    assert len(used) == len({each.partition("@")[0] for each in used})


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT / ".github")))
def test_no_script_is_put_together_from_what_others_wrote(file: Path) -> None:
    assert [step["run"] for step in steps(load(file)) if "${{" in step.get("run", "")] == []


def test_nothing_knows_a_secret_and_no_workflow_runs_strangers_code_with_rights() -> None:
    for file in FILES:
        assert "secrets." not in file.read_text()
        assert "secrets: inherit" not in file.read_text()
    events = {name: set(load(WORKFLOWS / f"{name}.yml")["on"]) for name in NAMES}

    assert [name for name in NAMES if "pull_request_target" in events[name]] == []
    assert [name for name in NAMES if "workflow_run" in events[name]] == ["comment"]
    assert [name for name in NAMES if "pull_request" in events[name]] == [*CODE_OF_STRANGERS]


def test_each_job_may_do_what_it_is_for_and_no_more() -> None:
    read, identity = {"contents": "read"}, {"contents": "read", "id-token": "write"}
    images = {**identity, "attestations": "write"}
    granted = {}
    for name, id_, job in every_job():
        granted[f"{name}.{id_}"] = job.get("permissions", load(WORKFLOWS / f"{name}.yml")["permissions"])

    assert granted == {
        "comment.comment": {"actions": "read", "contents": "read", "pull-requests": "write"},
        "deploy.environment": images,
        "deploy.environments": read,
        "deploy-environment.deploy": identity,
        "deploy-environment.images": images,
        "deploy-environment.plan": identity,
        "destroy.confirm": read,
        "destroy.destroy": identity,
        "drift.environments": read,
        "drift.look": {**identity, "issues": "write"},
        "e2e.e2e": read,
        "expiry.look": {**read, "issues": "write"},
        "expiry.teardown": identity,
        "images.images": images,
        "preview.preview": read,
        "test.test": read,
    }
    assert all(load(WORKFLOWS / f"{name}.yml")["permissions"] in ({}, read) for name in NAMES)


def test_who_has_an_identity_is_in_the_github_environment_of_its_duty() -> None:
    having = {
        f"{name}.{id_}": job["environment"]
        for name, id_, job in every_job()
        if job.get("permissions", {}).get("id-token") and "uses" not in job
    }

    assert having == {
        "deploy-environment.deploy": "${{ inputs.environment }}",
        "deploy-environment.plan": "${{ inputs.environment }}-plan",
        "destroy.destroy": "${{ inputs.environment }}",
        "drift.look": "${{ matrix.environment.name }}-plan",
        "expiry.teardown": "${{ matrix.environment.name }}",
        "images.images": "${{ inputs.environment }}-images",
    }


def test_only_protected_jobs_apply_or_destroy() -> None:
    changing = {
        f"{name}.{id_}": job["environment"]
        for name, id_, job in every_job()
        if any(
            re.search(r"cdktf (deploy|destroy)|modelyard (up|teardown)", step.get("run", ""))
            for step in job.get("steps", [])
        )
    }

    assert changing.keys() == {"deploy-environment.deploy", "destroy.destroy", "expiry.teardown"}
    assert set(changing.values()) == {"${{ inputs.environment }}", "${{ matrix.environment.name }}"}


def test_the_job_that_comments_has_mains_code_and_takes_nothing_from_the_run_but_its_number() -> None:
    job = jobs("comment")["comment"]
    (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    text = yaml.safe_dump({**job, "if": "", "concurrency": ""})

    assert checkout["with"]["ref"] == "${{ github.event.repository.default_branch }}"
    assert set(re.findall(r"workflow_run\.(\w+)", text)) == {"id"}


def test_a_cache_that_pull_requests_write_reaches_no_job_with_rights() -> None:
    asking = [
        f"{name}.{id_}"
        for name, id_, job in every_job()
        for step in job.get("steps", [])
        if step.get("uses") == "./.github/actions/setup" and step.get("with", {}).get("cache") == "true"
    ]

    assert asking == ["preview.preview"]


def test_jobs_end_by_themselves_and_never_two_of_them_change_an_environment() -> None:
    groups = {}
    for name, id_, job in every_job():
        assert "uses" in job or job["timeout-minutes"] <= 120
        groups[f"{name}.{id_}"] = job.get("concurrency", {}).get("group")

    assert groups["deploy-environment.deploy"] == groups["destroy.destroy"] == "deploy-${{ inputs.environment }}"
    assert groups["expiry.teardown"] == "deploy-${{ matrix.environment.name }}"
    for job in (jobs("destroy")["destroy"], jobs("expiry")["teardown"]):
        assert job["concurrency"]["cancel-in-progress"] is False


def test_updates_reach_every_folder_that_pins_something() -> None:
    updates = load(ROOT / ".github" / "dependabot.yml")["updates"]
    patterns = {each["package-ecosystem"]: each.get("directories") or [each["directory"]] for each in updates}
    pinning = {
        "docker": [*ROOT.glob("services/**/Dockerfile"), *ROOT.glob("stacks/**/Dockerfile")],
        "pip": [*ROOT.glob("services/**/requirements.txt"), *ROOT.glob("stacks/**/requirements.txt")],
        "github-actions": [*ACTIONS.glob("*/action.yml")],
        "npm": [ROOT / "package.json"],
    }

    for kind, files in pinning.items():
        covered = {folder for pattern in patterns[kind] for folder in [ROOT, *ROOT.glob(pattern.strip("/") or "*")]}
        assert files
        assert [file for file in files if file.parent not in covered] == []
    assert all(each["cooldown"]["default-days"] >= 7 for each in updates)


def test_zizmor_finds_nothing() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    done = subprocess.run(
        [zizmor, "--offline", "--no-progress", "--quiet", ".github"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_actionlint_finds_nothing() -> None:
    actionlint = shutil.which("actionlint") or shutil.which("actionlint", path=str(Path.home() / "go" / "bin"))
    if not actionlint:
        pytest.skip(
            "no actionlint: go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12; `make e2e` builds it"
        )
    lint(actionlint)


def lint(actionlint: str) -> None:
    """Fails with what actionlint finds, and skips where it had no shellcheck."""
    done = subprocess.run([actionlint, "-no-color"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    if not shutil.which("shellcheck"):
        pytest.skip("actionlint found nothing, but had no shellcheck for the steps' scripts")
