"""Python programs in processes of their own, for what happens as they start."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path


def run(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def node_part(package: str) -> Path:
    """The archive of what an installed Python package of jsii's has for Node."""
    spec = find_spec(package)
    assert spec
    assert spec.origin
    (packed,) = (Path(spec.origin).parent / "_jsii").glob("*.tgz")
    return packed


def slow_start_reasons(stderr: str) -> list[str]:
    return re.findall(r"^modelyard: slow start, (.*)$", stderr, re.MULTILINE)
