"""The program as its images run it."""

import os
import subprocess
import sys
from pathlib import Path

RUNTIME = Path(__file__).parents[1] / "runtime"


def start(module: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """`python -m MODULE ARGUMENTS` in a process of its own, its output in one pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=RUNTIME,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    """The exit code of `python -m iris ARGUMENTS` and what it says, within a minute."""
    with start("iris", *arguments, **environment) as process:
        said, _ = process.communicate(timeout=60)
    return process.returncode, said
