"""Terraform, run in a folder."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from terraform_cli.environment import clean_environment


class TerraformError(Exception):
    """A call that failed; `said` is Terraform's own error."""

    def __init__(self, call: str, errors: str, output: str) -> None:
        super().__init__(f"{call} failed:\n{errors.strip() or output.strip()}")
        self.said = errors


def terraform(folder: Path, variables: Mapping[str, str], *arguments: str, timeout: float | None = 600) -> str:
    """What `terraform ARGUMENTS` prints in `folder`; `timeout` is in seconds.

    Raises:
        TerraformError: It failed.
        subprocess.TimeoutExpired: It took longer.
    """
    done = subprocess.run(
        ["terraform", *arguments],
        cwd=folder,
        env={**clean_environment(), **variables, "TF_CLI_ARGS": "-no-color", "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    if done.returncode:
        raise TerraformError(f"terraform {arguments[0]} in {folder.name}", done.stderr, done.stdout)
    return done.stdout
