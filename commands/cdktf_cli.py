"""Runs the engine's CLI, of CDKTF or CDK Terrain, and follows what it prints."""

import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from modelyard.bindings import CDKTF as CDKTF_ENGINE
from modelyard.bindings import Engine, engine

from stacks.paths import ROOT

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _program(of: Engine) -> Path:
    return ROOT / of.folder / "node_modules" / ".bin" / of.name


CDKTF = _program(CDKTF_ENGINE)


def engine_cli() -> Path:
    """The command line of the engine; both take the same commands, and read cdktf.json and CDKTF_* variables.

    Raises:
        ConfigurationError: There is no engine.
    """
    return _program(engine())


@dataclass
class StackRun:
    """What the CLI said of one stack.

    Attributes:
        started: When its first line came, seconds of time.monotonic().
        ended: When its last line came.
        lines: All its lines.
    """

    started: float
    ended: float
    lines: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """From its first line to its last."""
        return self.ended - self.started

    @property
    def error(self) -> str:
        """Terraform's own error, empty without one."""
        for number, line in enumerate(self.lines):
            if line.startswith("Error: "):
                return "\n".join(self.lines[number:]).strip()
        return ""


@dataclass(frozen=True)
class CliRun:
    """A finished call of the CLI.

    Attributes:
        exit_code: 0 when all went well.
        seconds: How long it took.
        stacks: What it said of each stack, by id.
        output: All its lines, for errors that belong to no stack.
    """

    exit_code: int
    seconds: float
    stacks: dict[str, StackRun]
    output: list[str]


def run_cdktf(
    arguments: Sequence[str],
    *,
    stacks: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    progress: Callable[[str, str], None],
) -> CliRun:
    """Runs the CLI in the repo's root.

    Args:
        arguments: For example `["deploy", "*", "--auto-approve"]`.
        stacks: The ids whose lines are told apart.
        environment: All environment variables of the process.
        log: Where every line is appended.
        progress: Called with a stack's id and each line of it.
    """
    # CI: plain lines instead of a screen that is redrawn.
    plain = {"CI": "true", "FORCE_COLOR": "0", "TF_CLI_ARGS": "-no-color"}
    begun = time.monotonic()
    runs: dict[str, StackRun] = {}
    output: list[str] = []
    current = ""
    with (
        log.open("a") as file,
        subprocess.Popen(
            [str(engine_cli()), *arguments],
            cwd=ROOT,
            env={**environment, **plain},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - PIPE above gives one
        for raw in process.stdout:
            file.write(raw)
            line = _ANSI.sub("", raw.rstrip())
            output.append(line)
            # The first line of a chunk begins with its stack's id, the others are indented.
            head, _, rest = line.partition("  ")
            if head in stacks:
                current, line = head, rest
            elif line and not line.startswith(" "):
                current = ""
            if current:
                now = time.monotonic()
                run = runs.setdefault(current, StackRun(now, now))
                run.ended = now
                run.lines.append(line.strip())
                progress(current, line.strip())
        code = process.wait()
    return CliRun(code, time.monotonic() - begun, runs, output)
