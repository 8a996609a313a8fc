"""The program as its image runs it."""

import subprocess
import sys
from pathlib import Path

RUNTIME = Path(__file__).parents[1] / "runtime"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """`python -m sales_pipeline ARGUMENTS` in a process of its own."""
    command = [sys.executable, "-m", "sales_pipeline", *map(str, arguments)]
    return subprocess.run(command, cwd=RUNTIME, capture_output=True, text=True, timeout=600, check=False)
