"""A local state that Terraform was writing when it was killed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from estate.stacks import Stack
from estate.torn_state import mend

BEFORE = json.dumps({"version": 4, "serial": 3, "resources": []})


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    folder = tmp_path / "stacks" / "one"
    folder.mkdir(parents=True)
    configuration = {"terraform": {"backend": {"local": {"path": "../../one.tfstate"}}}}
    (folder / "cdk.tf.json").write_text(json.dumps(configuration))
    (tmp_path / "one.tfstate.backup").write_text(BEFORE)
    return Stack("one", folder, frozenset())


@pytest.mark.parametrize("torn", ["", BEFORE[:20], "\n"])
def test_a_torn_state_is_again_as_before_the_run(torn: str, stack: Stack, tmp_path: Path) -> None:
    state = tmp_path / "one.tfstate"
    state.write_text(torn)

    assert mend(stack, was_cut_off=True)

    assert state.read_text() == BEFORE
    assert not mend(stack, was_cut_off=True)


def test_a_whole_state_stays(stack: Stack, tmp_path: Path) -> None:
    after = json.dumps({"version": 4, "serial": 4, "resources": []})
    (tmp_path / "one.tfstate").write_text(after)

    assert not mend(stack, was_cut_off=True)

    assert (tmp_path / "one.tfstate").read_text() == after


def test_the_beginning_of_a_first_state_is_set_aside(stack: Stack, tmp_path: Path) -> None:
    state = tmp_path / "one.tfstate"
    state.with_name("one.tfstate.backup").unlink()
    state.write_text(begun := '{\n  "version": 4,\n  "terraform_version": "1.11.4",\n  "resources": [')
    assert not mend(stack, was_cut_off=False), "nobody knows who has torn it"
    assert state.read_text() == begun

    assert mend(stack, was_cut_off=True)

    assert state.read_text() == ""
    assert state.with_name("one.tfstate.torn").read_text() == begun
    assert not mend(stack, was_cut_off=True)


@pytest.mark.parametrize("written", ["", "{", "version = 4", '{"version": 4, "resources": ['])
def test_what_is_not_of_terraforms_hand_stays(written: str, stack: Stack, tmp_path: Path) -> None:
    state = tmp_path / "one.tfstate"
    state.with_name("one.tfstate.backup").unlink()
    state.write_text(written)

    assert not mend(stack, was_cut_off=True)

    assert state.read_text() == written


@pytest.mark.parametrize("backup", ["", "{"])
def test_without_a_whole_backup_nothing_is_touched(backup: str, stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "one.tfstate").write_text("")
    (tmp_path / "one.tfstate.backup").write_text(backup)

    assert not mend(stack, was_cut_off=True)

    assert (tmp_path / "one.tfstate").read_text() == ""


def test_a_state_that_somebody_writes_is_not_touched(stack: Stack, tmp_path: Path) -> None:
    state = tmp_path / "one.tfstate"
    state.write_text("")
    script = f"import fcntl, sys; file = open({str(state)!r}, 'r+'); fcntl.lockf(file, fcntl.LOCK_EX); print('locked'); sys.stdout.flush(); sys.stdin.read()"  # noqa: E501
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "locked\n"

        assert not mend(stack, was_cut_off=True)
        assert state.read_text() == ""

        writer.communicate()
    assert mend(stack, was_cut_off=True)


def test_a_state_in_a_store_is_none_of_its_business(stack: Stack) -> None:
    (stack.folder / "cdk.tf.json").write_text(json.dumps({"terraform": {"backend": {"gcs": {"bucket": "b"}}}}))

    assert not mend(stack, was_cut_off=True)
