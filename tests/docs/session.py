"""Runs a document's commands in one shell, as somebody who types them in order, and compares what is printed."""

import doctest
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.docs.blocks import Block

_MARK = "\x1e"
_END = re.compile(rf"{_MARK}(\d+) (\d+)\n")
# Seconds, and other figures of this run: decimals in tables, whatever the machine took.
_FIGURES = re.compile(r"\b\d+(?:\.\d+)?(?= (?:s|seconds|ms|min)\b)|(?<=│)\s+\d+\.\d+(?=\s+│)")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Step:
    """One command of a block."""

    block: Block
    text: str
    expected: str | None


def steps_of(blocks: Sequence[Block]) -> list[Step]:
    """The commands of blocks in order, and before them what their comments ask for."""
    steps: list[Step] = []
    rehearsed = None
    for block in blocks:
        wanted = block.said.get("rehearsal", rehearsed)
        if wanted != rehearsed:
            steps.append(Step(block, f'eval "$(modelyard rehearse {wanted} --shell)"', None))
            rehearsed = wanted
        steps += [Step(block, command.text, command.expected) for command in block.commands]
    return steps


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
    with (scratch / "printed").open("w+") as printed:
        shell = subprocess.Popen(
            ["bash", str(script)], cwd=checkout, env=dict(variables), stdout=printed, stderr=printed,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            shell.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
    text = _COLOURS.sub("", (scratch / "printed").read_text(errors="replace"))
    _compare(steps, text)
    return text


def _lines(steps: Sequence[Step], scratch: Path) -> list[str]:
    lines = []
    for number, step in enumerate(steps):
        typed, answers = scratch / f"{number}.sh", scratch / f"{number}.answers"
        # A block of several lines ends with its first failure, as it would under `set -e`.
        text = f"set -e\n{step.text}\nset +e\n" if step.block.language == "sh" else f"{step.text}\n"
        typed.write_text(text)
        answers.write_text("".join(f"{each}\n" for each in step.block.said.get("answers", "").split()))
        wanted = step.block.said.get("exits", "0")
        lines += [
            f"source {shlex.quote(str(typed))} < {shlex.quote(str(answers))}",
            f'code=$?; printf "\\036{number} %d\\n" "$code"',
            f'[ "$code" = {wanted} ] || exit 1',
        ]
    return lines


def _compare(steps: Sequence[Step], text: str) -> None:
    parts = _END.split(text)
    printed = dict(zip(map(int, parts[1::3]), parts[0::3], strict=False))
    codes = dict(zip(map(int, parts[1::3]), map(int, parts[2::3]), strict=False))
    checker = doctest.OutputChecker()
    for number, step in enumerate(steps):
        place = f"{step.block.place}\n$ {step.text}"
        assert number in codes, f"{place}\ndid not end:\n{parts[-1]}"
        wanted = int(step.block.said.get("exits", "0"))
        assert codes[number] == wanted, f"{place}\nended with {codes[number]}, not {wanted}:\n{printed[number]}"
        if step.expected is None:
            continue
        want, got = _comparable(step.expected), _comparable(printed[number])
        example = doctest.Example(step.text, want)
        assert checker.check_output(want, got, _LOOSE), (
            f"{place}\n{checker.output_difference(example, got, _LOOSE)}\nprinted:\n{printed[number]}"
        )


def _comparable(text: str) -> str:
    return _FIGURES.sub("N", text).strip() + "\n"
