"""Jobs of comment.yml, run as they stand: the text may be a stranger's."""

import io
import zipfile

from modelyard.errors import ConfigurationError

import pytest

from preview.untrusted_comment import read_comment
from tests.fake_github import FakeGitHub, Pull
from tests.workflows.machine import REAL, SETUP, TEXT, Machine, ran, workflow_run


def archive(*members: tuple[zipfile.ZipInfo | str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, text in members:
            opened.writestr(name, text)
    return file.getvalue()


def test_the_text_of_a_forks_failed_preview_becomes_a_comment_made_harmless(machine: Machine, fake: FakeGitHub) -> None:
    machine.install("modelyard", REAL)
    del machine.actions[SETUP]
    pull = fake.pulls[7] = Pull(7, "a" * 40, fork="stranger/yard")
    fake.add_run(1, pull)
    fake.artifacts[1] = {"preview-comment": archive(("comment.md", f"{TEXT}thanks @octo\n"))}

    job = ran(machine.run("comment", "comment", github=workflow_run("failure")))

    assert job.succeeded, job.output
    assert [comment.body.splitlines()[-1] for comment in pull.comments] == ["thanks @\u200bocto"]
    assert "#7: commented" in job.output
    assert [line.split()[0] for line in machine.called()] == ["make", "modelyard"]


@pytest.mark.parametrize("run", [workflow_run("cancelled"), workflow_run("skipped"), workflow_run(event="push")])
def test_what_is_no_finished_preview_of_a_pull_request_is_not_looked_at(
    machine: Machine, run: dict[str, object]
) -> None:
    assert machine.run("comment", "comment", github=run) is None


@pytest.mark.parametrize("artifacts", [{}, {"preview-comment": b"x" * 1_000_000}, {"other": b"x"}])
def test_of_a_run_without_a_comment_of_fitting_size_nothing_is_taken(
    machine: Machine, fake: FakeGitHub, artifacts: dict[str, bytes]
) -> None:
    fake.artifacts[1] = artifacts

    job = ran(machine.run("comment", "comment", github=workflow_run()))

    (fetch,) = [step for step in job.steps if step.name == "Fetch the text"]
    assert fetch.output == "::notice::run 1 has left no comment\n"
    assert fetch.succeeded
    assert [*(machine.temporary / "comment").iterdir()] == []


def link(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = 0o120777 << 16
    return member


@pytest.mark.parametrize(
    "members",
    [
        [("../../comment.md", TEXT)],
        [("/comment.md", TEXT), ("comment.md/x", TEXT)],
        [(link("comment.md"), "/etc/passwd")],
        [("comment.md", TEXT + "\0" * 5_000_000)],
        [("comment.md", "## no marker")],
    ],
    ids=["outside", "elsewhere", "link", "bomb", "no preview"],
)
def test_an_archive_that_would_do_harm_ends_as_a_small_file_that_is_refused(
    machine: Machine, fake: FakeGitHub, members: list[tuple[zipfile.ZipInfo | str, str]]
) -> None:
    fake.artifacts[1] = {"preview-comment": archive(*members)}

    ran(machine.run("comment", "comment", github=workflow_run()))

    written = machine.temporary / "comment" / "comment.md"
    assert [*written.parent.iterdir()] == [written]
    assert written.stat().st_size <= 300_000
    with pytest.raises(ConfigurationError):
        read_comment(written.parent)
