"""How old an image is, by a real Git repository and real bills of materials."""

import datetime
import json
import os
import subprocess
from pathlib import Path

import pytest

from report.origins import origins, revision

COMMITTED = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
LATER = COMMITTED + datetime.timedelta(days=30)
IMAGE = "registry.example/it/model:0123456789abcdef"


def git(folder: Path, *arguments: str, at: datetime.datetime = COMMITTED) -> None:
    author = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    dates = {"GIT_AUTHOR_DATE": at.isoformat(), "GIT_COMMITTER_DATE": at.isoformat()}
    subprocess.run(["git", *author, *arguments], cwd=folder, env=os.environ | dates, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "Dockerfile").write_text("FROM scratch\n")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "model")
    (folder / "other").write_text("other\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "other", at=LATER)
    return folder


def test_its_age_is_that_of_the_last_commit_to_its_folder(repository: Path) -> None:
    (found,) = origins({IMAGE: repository / "model"}, repository / "none", repository).values()

    assert (found.folder, found.committed_at, found.is_changed) == ("model", COMMITTED, False)
    assert (found.billed_at, found.packages) == (None, 0)


@pytest.mark.parametrize("file", ["model/Dockerfile", "model/new"])
def test_what_is_not_committed_has_no_age(file: str, repository: Path) -> None:
    (repository / file).write_text("RUN it\n")

    assert origins({IMAGE: repository / "model"}, repository / "none", repository)[IMAGE].is_changed


def test_a_shallow_clone_knows_no_ages(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", repository.as_uri(), "shallow")

    found = origins({IMAGE: tmp_path / "shallow" / "model"}, tmp_path, tmp_path / "shallow")[IMAGE]

    assert found.committed_at is None


def test_without_git_nothing_is_known(tmp_path: Path) -> None:
    found = origins({IMAGE: tmp_path / "model"}, tmp_path, tmp_path)[IMAGE]

    assert (found.committed_at, found.is_changed) == (None, False)
    assert revision(tmp_path) == "files without a commit"


def test_a_bill_of_materials_says_when_it_was_built(repository: Path) -> None:
    bill = {"metadata": {"timestamp": "2026-03-02T10:00:00+01:00"}, "components": [{}, {}, {}]}
    (repository / "model-0123456789abcdef.cdx.json").write_text(json.dumps(bill))

    found = origins({IMAGE: repository / "model"}, repository, repository)[IMAGE]

    assert found.billed_at == datetime.datetime(2026, 3, 2, 9, tzinfo=datetime.UTC)
    assert found.packages == 3


@pytest.mark.parametrize("text", ["", "[]", '{"metadata": null}', '{"metadata": {"timestamp": "soon"}}'])
def test_a_bill_that_says_nothing_is_none(text: str, repository: Path) -> None:
    (repository / "model-0123456789abcdef.cdx.json").write_text(text)

    assert origins({IMAGE: repository / "model"}, repository, repository)[IMAGE].billed_at is None


def test_the_revision_names_commit_and_changes(repository: Path) -> None:
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=True)
    committed = revision(repository)
    (repository / "new").touch()

    assert committed == commit.stdout.strip()
    assert revision(repository) == f"{committed} with uncommitted changes"
