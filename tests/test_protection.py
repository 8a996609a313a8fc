from pathlib import Path

from tests.conftest import Command


def environment_file(checkout: Path) -> Path:
    return checkout / "environments" / "gke-dev.toml"


def test_protection_is_restored_and_lifted_with_a_record(checkout: Path, modelyard_command: Command) -> None:
    file = environment_file(checkout)

    assert modelyard_command("protection", "restore", "gke-dev").returncode == 0
    restored = file.read_text()
    assert "[protection_lifted]" not in restored
    # Comments are somebody's words: they stay.
    assert "# true needs Cloud NAT" in restored

    assert modelyard_command("protection", "lift", "gke-dev", "--reason", "the project ends").returncode == 0
    assert 'reason = "the project ends"' in file.read_text()


def test_lifting_needs_a_reason(checkout: Path, modelyard_command: Command) -> None:
    assert modelyard_command("protection", "lift", "gke-dev").returncode == 2
    assert modelyard_command("protection", "restore", "gke-dev").returncode == 0
    assert modelyard_command("protection", "lift", "gke-dev", "--reason", "").returncode == 1
    assert "[protection_lifted]" not in environment_file(checkout).read_text()


def test_lifting_twice_keeps_the_first_record(checkout: Path, modelyard_command: Command) -> None:
    before = environment_file(checkout).read_text()

    done = modelyard_command("protection", "lift", "gke-dev", "--reason", "again")

    assert "already lifted on 2026-11-20" in done.stdout
    assert environment_file(checkout).read_text() == before


def test_moving_a_state_that_is_not_there_changes_nothing(checkout: Path, modelyard_command: Command) -> None:
    before = environment_file(checkout).read_text()

    done = modelyard_command("state", "move", "gke-dev", "--to", "remote")

    assert done.returncode == 1
    assert "cdktf deploy gke-dev-state" in done.stderr
    assert environment_file(checkout).read_text() == before


def test_a_state_that_is_there_already_is_not_moved_again(modelyard_command: Command) -> None:
    done = modelyard_command("state", "move", "gke-dev", "--to", "local")

    assert done.returncode == 0
    assert "already there" in done.stdout
