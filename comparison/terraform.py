"""Terraform, run in a folder."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from commands.rehearsal import clean_environment


class TerraformError(Exception):
    """A call that failed; the message is what Terraform said."""


def terraform(folder: Path, variables: Mapping[str, str], *arguments: str) -> str:
    """What `terraform ARGUMENTS` prints in `folder`, within ten minutes.

    Raises:
        TerraformError: It failed.
    """
    done = subprocess.run(
        ["terraform", *arguments],
        cwd=folder,
        env={**clean_environment(), **variables, "TF_CLI_ARGS": "-no-color", "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode:
        raise TerraformError(f"terraform {arguments[0]} in {folder.name}: {done.stderr}{done.stdout}")
    return done.stdout
