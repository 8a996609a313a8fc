"""Runs a document's commands in one shell, as somebody who types them in order, and compares what is printed."""

import doctest
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tests.docs.blocks import Block, blocks_of

_MARK = "\x1e"
_END = re.compile(rf"{_MARK}(\d+) (\d+)\n")
# Seconds, and other figures of this run: decimals in tables, whatever the machine took.
_FIGURES = re.compile(r"\b\d+(?:\.\d+)?(?= (?:s|seconds|ms|min)\b)|(?<=│)\s+\d+\.\d+(?= │)")
# Lines that a document leaves out, perhaps none.
_LEFT_OUT = re.compile(r"\s*^\.\.\.$\s*", re.MULTILINE)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# Whoever runs the tests may have set them, and `make e2e` sets make's own, with which a make below says where it is.
_FOREIGN = (
    "TF_CLI_CONFIG_FILE",
    "TF_PLUGIN_CACHE_DIR",
    "KUBECONFIG",
    "VIRTUAL_ENV",
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
)


def newcomer(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of a shell in which nobody has set anything for this repo."""
    return {name: value for name, value in variables.items() if name not in _FOREIGN} | {"COLUMNS": "120"}


@dataclass(frozen=True)
class Step:
    """One command of a block."""

    block: Block
    text: str
    expected: str | None


def type_in(test: str, document: str, checkout: Path, variables: Mapping[str, str], scratch: Path) -> str:
    """Types those blocks of a document that say that this test does, in what it has deployed.

    Args:
        test: The test's file.
        document: Below the repo's root.
        checkout: From where it is deployed.
        variables: With which it was, beside those of a newcomer's shell.
        scratch: An empty folder.

    Raises:
        AssertionError: As of `run`.
    """
    blocks = [
        block for block in blocks_of(document) if f"typed by tests/e2e/{Path(test).name}" in block.said.get("needs", "")
    ]
    assert blocks, f"{document}: no block is typed by {test}"
    return run(steps_of(blocks), checkout, newcomer(os.environ) | dict(variables), scratch, seconds=300)


def steps_of(blocks: Sequence[Block]) -> list[Step]:
    """The commands of blocks in order, and before them what their comments ask for."""
    steps: list[Step] = []
    rehearsed = None
    for block in blocks:
        wanted, _, deployed = block.said.get("rehearsal", "").partition(", ")
        if wanted and wanted != rehearsed:
            steps.append(Step(_before(block), f'eval "$(modelyard rehearse {wanted} --shell)"', None))
            if deployed:
                steps.append(Step(_before(block), f"modelyard up {wanted} --yes", None))
            rehearsed = wanted
        steps += [Step(block, command.text, command.expected) for command in block.commands]
    return steps


def _before(block: Block) -> Block:
    """The same place, for what is typed before, which has to end with 0."""
    return replace(block, language="console", said={})


def run(steps: Sequence[Step], checkout: Path, variables: Mapping[str, str], scratch: Path, *, seconds: float) -> str:
    """Runs the commands in one shell until one ends otherwise than its block says.

    Args:
        steps: The commands.
        checkout: Where they are typed.
        variables: The shell's environment.
        scratch: An empty folder.
        seconds: How long all of it may take; then the shell and all that it has started are killed.

    Returns:
        What was printed, command by command.

    Raises:
        AssertionError: A command ended otherwise, or printed something else.
    """
    script = scratch / "session.sh"
    script.write_text("\n".join(_lines(steps, scratch)))
    with (scratch / "printed").open("w") as printed:
        shell = subprocess.Popen(
            ["bash", script],
            cwd=checkout,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            with suppress(subprocess.TimeoutExpired):
                shell.wait(seconds)
        finally:
            # With all that it has left behind.
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
    text = _COLOURS.sub("", (scratch / "printed").read_text(errors="replace"))
    _compare(steps, text)
    return text


def _lines(steps: Sequence[Step], scratch: Path) -> list[str]:
    lines = []
    for number, step in enumerate(steps):
        typed = scratch / f"{number}.sh"
        # A block of several lines ends with its first failure, as it would under `set -e`.
        text = f"set -e\n{step.text}\nset +e\n" if step.block.language == "sh" else f"{step.text}\n"
        typed.write_text(text)
        wanted = step.block.said.get("exits", "0")
        lines += [
            f"source {shlex.quote(str(typed))}",
            f'code=$?; printf "\\036{number} %d\\n" "$code"',
            f'[ "$code" = {wanted} ] || exit 1',
        ]
    return lines


def _compare(steps: Sequence[Step], text: str) -> None:
    parts = _END.split(text)
    printed = dict(zip(map(int, parts[1::3]), parts[0::3], strict=False))
    codes = dict(zip(map(int, parts[1::3]), map(int, parts[2::3]), strict=False))
    wrong = []
    for number, step in enumerate(steps):
        place = f"{step.block.place}\n$ {step.text}"
        if number not in codes:
            wrong.append(f"{place}\ndid not end:\n{parts[-1]}")
            break
        wanted = int(step.block.said.get("exits", "0"))
        if codes[number] != wanted:
            wrong.append(f"{place}\nended with {codes[number]}, not {wanted}:\n{printed[number]}")
        elif step.expected is not None:
            wrong += [f"{place}\n{difference}" for difference in _differences(step, printed[number])]
    assert not wrong, "\n\n".join(wrong)


def _differences(step: Step, printed: str) -> list[str]:
    want, got = _comparable(_LEFT_OUT.sub("...", step.expected or "")), _comparable(printed)
    checker, example = doctest.OutputChecker(), doctest.Example(step.text, want)
    if checker.check_output(want, got, _LOOSE):
        return []
    return [checker.output_difference(example, got, _LOOSE)]


def _comparable(text: str) -> str:
    return _FIGURES.sub("N", text).strip() + "\n"
