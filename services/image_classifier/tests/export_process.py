"""The build step of the image in a process of its own."""

import subprocess
import sys
from pathlib import Path

_RUNTIME = Path(__file__).parents[1] / "runtime"


def run_export(url: str, digest: str, output: Path) -> subprocess.CompletedProcess[str]:
    """Runs it as the Dockerfile does."""
    arguments = ["--weights-url", url, "--weights-sha256", digest, "--output", str(output)]
    return subprocess.run(
        [sys.executable, "-m", "export", *arguments], cwd=_RUNTIME, capture_output=True, text=True, check=False
    )
