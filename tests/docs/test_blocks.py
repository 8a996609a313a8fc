"""Every block of the documents says what it is; what cannot be run here is held against the code."""

import re
import subprocess
from pathlib import Path

import pytest
import typer
import yaml

from commands.app import app
from documentation.stack_picture import stack_graph
from stacks.environments import environment_names
from stacks.paths import ROOT
from tests.docs.blocks import LANGUAGES, NEEDS, Block, all_blocks
from tests.docs.shell_words import simple_commands

BLOCKS = all_blocks()
COMMANDS = [block for block in BLOCKS if block.is_commands]
#: What looks like something that is typed.
TYPED = re.compile(r"^\s*(\$ |(npx |modelyard |make |kubectl |terraform |gcloud |az |git |gh |curl |pip |python -m ))")
TARGETS = re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
#: What the page's own commands make, or whoever reads it has.
OWN_FILES = ("services/hello", "services/my_model", "cdktf.out/", ".rehearsal/", "environments/tour.toml")


def named(blocks: list[Block]) -> list[object]:
    return [pytest.param(block, id=block.place) for block in blocks]


@pytest.mark.parametrize("block", named(BLOCKS))
def test_a_block_says_what_it_is(block: Block) -> None:
    assert block.language in LANGUAGES, f"{block.place}: say which of {', '.join(LANGUAGES)} it is"
    if block.language == "console":
        assert block.content.startswith("$ "), f"{block.place}: begin with what is typed, `$ …`"
    if block.language == "text":
        assert not any(map(TYPED.match, block.content.splitlines())), f"{block.place}: commands are console or sh"


@pytest.mark.parametrize("block", named([block for block in BLOCKS if "needs" in block.said]))
def test_what_a_block_needs_is_known_and_the_test_that_is_named_exists(block: Block) -> None:
    assert block.need in NEEDS, f"{block.place}: needs one of {', '.join(NEEDS)}"
    for path in re.findall(r"tests/\S+\.py", block.said["needs"]):
        assert (ROOT / path).is_file(), f"{block.place}: {path}"
        if f"typed by {path}" in block.said["needs"]:
            assert f'type_in(__file__, "{block.file}"' in (ROOT / path).read_text(), f"{block.place}: not by {path}"
    for target in re.findall(r"make ([\w-]+)", block.said["needs"]):
        assert target in TARGETS, f"{block.place}: make {target}"
    if block.need == "cluster":
        assert block.file == "docs/tour.md", f"{block.place}: nobody types it: tests/e2e/test_tour.py is the tour's"
    if block.need == "tested":
        (script,) = re.findall(r"[\w.]+/[\w./]+\b", block.said["needs"])
        assert all(command.text in (ROOT / script).read_text() for command in block.commands), block.place


@pytest.mark.parametrize("block", named(COMMANDS))
def test_the_shell_can_read_it(block: Block) -> None:
    text = "\n".join(command.text for command in block.commands)

    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False, timeout=10)

    assert done.returncode == 0, f"{block.place}: {done.stderr}"


@pytest.mark.parametrize("block", named(COMMANDS))
def test_commands_targets_and_paths_exist(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Files that a page's own commands have fetched or written before.
    monkeypatch.chdir(tmp_path)
    for name in re.findall(r"\b[\w-]+\.(?:tfstate|toml)\b", block.content):
        (tmp_path / name).touch()
    for command in block.commands:
        for variables, words in simple_commands(command.text):
            if not words:
                continue
            match [each for each in words if each != "npx"]:
                case ["modelyard", *arguments]:
                    parse(arguments)
                case ["make", *arguments]:
                    check_make(arguments)
            if "MODELYARD_ENV" in variables:
                assert variables["MODELYARD_ENV"] in environment_names()
            for word in words:
                check_path(word)


def parse(arguments: list[str]) -> None:
    """What typer says of them: no such command, option, or value."""
    command = typer.main.get_command(app)
    context = command.make_context("modelyard", list(arguments))
    while hasattr(command, "resolve_command"):
        rest = [*context._protected_args, *context.args]
        name, command, rest = command.resolve_command(context, rest)
        assert command is not None
        context = command.make_context(name, rest, parent=context)
    for key in ("environment", "name", "env"):
        given = context.params.get(key)
        for each in [given] if isinstance(given, str) else given or ():
            assert each in environment_names(), f"no environment {each}"


def check_make(arguments: list[str]) -> None:
    for argument in arguments:
        name, is_variable, value = argument.partition("=")
        if not is_variable:
            assert name in TARGETS, f"make {name}"
        elif name == "ENV":
            assert set(value.split()) <= set(environment_names()), argument


def check_path(word: str) -> None:
    """A word that begins with one of the repo's folders is a path that exists."""
    first = word.partition("/")[0]
    if "/" not in word or first in ("", ".") or not (ROOT / first).is_dir() or word.startswith(OWN_FILES):
        return
    assert (ROOT / word).exists(), f"{word} is not there"


#: Stacks that a page's own service has, or an environment whose workflows may act.
OWN_STACKS = {"hello", "my-model", "identities"}


def stacks_named(block: Block) -> list[str]:
    """The stacks that a block's commands name, without the environment."""
    names = "|".join(re.escape(name) for name in environment_names())
    commands = [words for command in block.commands for _, words in simple_commands(command.text)]
    ours = [words for words in commands if {"cdktf", "modelyard"}.intersection(words)]
    found = [re.fullmatch(rf"(?:{names})-([a-z0-9-]+)", word) for words in ours for word in words]
    return [each[1] for each in found if each]


@pytest.mark.parametrize("block", named([block for block in COMMANDS if stacks_named(block)]))
def test_stacks_exist(block: Block) -> None:
    assert set(stacks_named(block)) <= {*stack_graph(), *OWN_STACKS}


@pytest.mark.parametrize("block", named([block for block in BLOCKS if block.language == "yaml"]))
def test_yaml_is_an_object_of_kubernetes(block: Block) -> None:
    for document in yaml.safe_load_all(block.content):
        assert {"apiVersion", "kind", "metadata"} <= document.keys()
