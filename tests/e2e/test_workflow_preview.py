"""A fork's pull request, by the workflows' own steps: previewed without a home or a secret, and commented on."""

import io
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

from tests.conftest import copy_of_the_repo
from tests.e2e.conftest import Proof
from tests.fake_github import REPOSITORY, FakeGitHub, Pull
from tests.workflows.machine import GH, NOTED, pull_request, workflow_run
from tests.workflows.steps import Job, Runner, bare_path


def test_a_forks_change_is_previewed_with_the_real_plugins_and_posted_by_mains_code(
    tmp_path: Path, real_providers: dict[str, str], proof: Proof
) -> None:
    checkout = copy_of_the_repo(tmp_path / "checkout")
    merge(checkout)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    programs = bare_path(temporary / "bin", {"gh": GH, "make": f"#!/bin/bash\n{NOTED}"})
    # Nothing of this machine's environment but where programs and Terraform's plugins are.
    bare = {
        "PATH": programs,
        "HOME": str(tmp_path / "home"),
        "CALLS": str(tmp_path / "calls"),
        "PYTHONPATH": f"{checkout}{os.pathsep}{checkout / 'constructs'}",
        "GITHUB_REPOSITORY": REPOSITORY,
        **real_providers,
    }

    previewed = ran(Runner(checkout, temporary, bare).run("preview", "preview", github=pull_request()))

    assert previewed.succeeded, previewed.output
    assert "the plans are those of the real google" in previewed.summary
    kept = {step.with_["name"]: Path(step.with_["path"]) for step in previewed.steps if "name" in step.with_}
    assert {file.name for file in kept["preview"].iterdir()} == {"comment.md", "report.json", "report.md"}

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.write(kept["preview-comment"], "comment.md")
    shutil.rmtree(kept["preview"])
    with FakeGitHub().serving() as fake:
        pull = fake.pulls[7] = Pull(7, "a" * 40, fork="stranger/yard")
        fake.add_run(1, pull)
        fake.artifacts[1] = {"preview-comment": archive.getvalue()}
        api = {**bare, "GITHUB_API_URL": fake.url}

        commented = ran(Runner(checkout, temporary, api).run("comment", "comment", github=workflow_run()))

    assert commented.succeeded, commented.output
    (comment,) = pull.comments
    assert re.search(r"## Preview: \d+ changes? in 1 stack", comment.body)
    assert "gke-dev-image-classifier" in comment.body
    proof(f"a fork's preview and its comment of {len(comment.body):,} characters, by the workflows' own steps")


def merge(checkout: Path) -> None:
    """Two commits: main, and what GitHub merges into it."""

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments], cwd=checkout, check=True)

    git("init", "--quiet", "--initial-branch", "main")
    # In a real checkout these are folders, which Git is told to pass over.
    (checkout / ".git" / "info" / "exclude").write_text(".venv\nnode_modules\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "main")
    file = checkout / "environments" / "gke-dev.toml"
    file.write_text(file.read_text().replace("replicas = 1", "replicas = 2", 1))
    git("commit", "--quiet", "--all", "--message", "a merge")


def ran(job: Job | None) -> Job:
    assert job is not None
    return job
