"""Python programs in processes of their own, for what happens as they start."""

import os
import re
import subprocess
import sys


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


def slow_start_reasons(stderr: str) -> list[str]:
    return re.findall(r"^modelyard: slow start, (.*)$", stderr, re.MULTILINE)
