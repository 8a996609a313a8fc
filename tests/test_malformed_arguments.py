"""Command lines that nobody should type: refused with a documented exit code, and nothing is begun."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.app import main

pytestmark = pytest.mark.slow

# Those that take an environment; what comes after it may be anything.
COMMANDS = [
    ["adopt"],
    ["cost"],
    ["drift"],
    ["identities"],
    ["images"],
    ["lease"],
    ["policies"],
    ["protection", "lift"],
    ["protection", "restore"],
    ["rehearse"],
    ["resume"],
    ["state", "move"],
    ["state", "restore"],
    ["state", "unlock"],
    ["suspend"],
    ["sweep"],
    ["teardown"],
    ["up"],
]
OPTIONS = [
    "--yes",
    "--volumes",
    "--artifacts",
    "--reason",
    "--keep-stores",
    "--for",
    "--until",
    "--end",
    "--limit",
    "--delete",
    "--only",
    "--to",
    "--id",
    "--from",
    "--repository",
    "--json",
    "--build-arg",
    "--faults",
]
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
NO_ENVIRONMENT = st.one_of(
    TEXT, st.sampled_from(["gke", "gke-dev ", "GKE-DEV", "../gke-dev", "gke-dev.toml", "gke_dev", "[red]", "a" * 300])
).filter(lambda name: name not in ("gke-dev", "aks-dev", "local", "prod", "--help"))
REST = st.lists(st.one_of(TEXT, st.sampled_from(OPTIONS)), max_size=4)


def exit_code(arguments: list[str]) -> tuple[int, str]:
    """The code, and what is said of it; any other exception than SystemExit is one that a person would see."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["modelyard", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    code = ended.value.code
    return (1, code) if isinstance(code, str) else (int(code or 0), "")


@settings(max_examples=300)
@given(command=st.sampled_from(COMMANDS), environment=NO_ENVIRONMENT, rest=REST)
def test_no_command_line_without_a_known_environment_begins_anything(
    command: list[str], environment: str, rest: list[str]
) -> None:
    known = {"gke-dev", "aks-dev", "local", "prod"}
    rest = [each for each in rest if each not in known and each != "--help"]

    code, said = exit_code([*command, environment, *rest])

    assert code in (1, 2)
    assert code == 2 or "mend: " in said


@given(words=st.lists(TEXT.filter(lambda text: text not in ("--help", "")), min_size=1, max_size=3))
def test_words_that_are_no_command_are_a_wrong_command_line(words: list[str]) -> None:
    first = next((word for word in words if not word.startswith("-")), "")
    if [first] in COMMANDS or first in ("comment", "leases", "preview", "protection", "state"):
        return
    assert exit_code(words)[0] == 2
