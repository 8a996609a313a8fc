"""Terraform, run in a folder; what it says of a failure is the test's failure."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


def terraform(folder: Path, variables: Mapping[str, str], *arguments: str) -> str:
    """What `terraform ARGUMENTS` prints in `folder`, within ten minutes."""
    done = subprocess.run(
        ["terraform", *arguments],
        cwd=folder,
        env={**os.environ, **variables, "TF_CLI_ARGS": "-no-color"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, f"terraform {arguments[0]} in {folder.name}: {done.stderr}{done.stdout}"
    return done.stdout
