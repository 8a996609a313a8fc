"""Jobs of preview.yml, run as they stand: the report is kept, and the comment apart from it."""

import json
import re
import shutil

from tests.workflows.machine import SETUP, Machine, pull_request, ran


def test_a_preview_is_shown_and_kept_with_the_comment_apart(machine: Machine) -> None:
    machine.report(["x"])

    job = ran(machine.run("preview", "preview", github=pull_request()))

    assert job.succeeded
    assert machine.called()[-1] == "modelyard preview --base HEAD^1 --output TEMP/preview"
    assert job.summary == "the whole report\n"
    kept = {step.with_["name"]: step.with_["path"] for step in job.steps if step.name == "actions/upload-artifact"}
    preview = f"{machine.temporary}/preview"
    assert kept == {"preview": preview, "preview-comment": f"{preview}/comment.md"}


def test_a_denied_preview_fails_and_is_kept_all_the_same(machine: Machine) -> None:
    machine.report(["x"])
    machine.code = 1

    job = ran(machine.run("preview", "preview", github=pull_request()))

    assert not job.succeeded
    assert job.names.count("actions/upload-artifact") == 2
    assert job.summary == "the whole report\n"


def test_a_preview_that_breaks_before_it_writes_fails_with_its_own_step(machine: Machine) -> None:
    machine.code = 2
    shutil.rmtree(machine.reports)

    job = ran(machine.run("preview", "preview", github=pull_request()))

    assert [step.name for step in job.steps if not step.succeeded] == ["Preview"]


def test_an_edit_is_previewed_only_when_the_base_is_another(machine: Machine) -> None:
    assert machine.run("preview", "preview", github=pull_request("edited", title={"from": "x"})) is None
    machine.report([])
    assert machine.run("preview", "preview", github=pull_request("edited", base={"ref": {"from": "x"}}))


def test_the_plugins_of_the_recorded_versions_are_installed_or_come_from_the_cache(machine: Machine) -> None:
    machine.report([])
    del machine.actions[SETUP]
    ran(machine.run("preview", "preview", github=pull_request()))

    configuration = json.loads((machine.temporary / "providers" / "main.tf.json").read_text())
    assert configuration["terraform"]["required_providers"]["google"] == {
        "source": "hashicorp/google",
        "version": "6.50.0",
    }
    assert "terraform -chdir=TEMP/providers init -backend=false -input=false" in machine.called()

    machine.calls.unlink()
    machine.actions["actions/cache"] = lambda _: {"cache-hit": "true"}
    job = ran(machine.run("preview", "preview", github=pull_request()))
    assert [line for line in machine.called() if line.startswith("terraform")] == []
    (cache,) = [step for step in job.steps if step.name == "actions/cache"]
    assert cache.with_["path"] == f"{machine.temporary}/plugins"
    assert re.fullmatch(r"terraform-plugins-Linux-X64-[0-9a-f]{16}", cache.with_["key"])
