"""What a teardown asks where nobody answers: it says what is missing, and the mend."""

import io
import sys

from modelyard.errors import ConfigurationError

import pytest
import typer

from estate.volumes import KeptVolume
from teardown.consent import Consent, Volumes, ask, ask_for_artifacts, ask_for_reason, ask_for_volumes

NOTEBOOK = KeptVolume("iris", "iris-notebook", "10Gi", path="/home/notebook", is_declared=True)
NOTHING_SAID = Consent(yes=False, volumes=None, artifacts=False)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())


def answers(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(text))


@pytest.mark.usefixtures("nobody")
def test_what_nobody_can_be_asked_is_refused_with_its_option() -> None:
    with pytest.raises(ConfigurationError, match="add --yes"):
        ask("take it down?", NOTHING_SAID)
    with pytest.raises(ConfigurationError, match=r"iris/iris-notebook \(10Gi\)(.|\n)*tar(.|\n)*--volumes snapshot"):
        ask_for_volumes([NOTEBOOK], NOTHING_SAID)
    with pytest.raises(ConfigurationError, match="--artifacts; or add --keep-stores"):
        ask_for_artifacts(["gke-dev-artifacts"], NOTHING_SAID)
    with pytest.raises(ConfigurationError, match="add --reason"):
        ask_for_reason("prod", "  ")


@pytest.mark.usefixtures("nobody")
def test_what_is_not_there_is_not_asked_about() -> None:
    assert ask_for_volumes([], NOTHING_SAID) is Volumes.DELETE
    ask_for_artifacts([], NOTHING_SAID)


@pytest.mark.usefixtures("nobody")
def test_a_snapshot_that_cannot_be_made_is_refused_before_anything_goes() -> None:
    wanted = Consent(yes=True, volumes=Volumes.SNAPSHOT, artifacts=False)

    assert ask_for_volumes([NOTEBOOK], wanted) is Volumes.SNAPSHOT
    with pytest.raises(ConfigurationError, match=r"no snapshot can be made of iris/iris-notebook .*: it sleeps"):
        ask_for_volumes([NOTEBOOK], wanted, why_no_snapshots="it sleeps")


def test_each_volume_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "y\nn\n")
    other = KeptVolume("polyaxon", "data", "8Gi", path=None, is_declared=True)

    with pytest.raises(typer.Abort):
        ask_for_volumes([NOTEBOOK, other], NOTHING_SAID)


def test_a_reason_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "it is moved\n")

    assert ask_for_reason("prod", None) == "it is moved"
