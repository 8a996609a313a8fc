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
    """What `terraform ARGUMENTS` prints in `folder`; `timeout` is in seconds, None for what must not be cut off.

    Raises:
        TerraformError: It failed, or took longer.
    """
    call = f"terraform {arguments[0]} in {folder.name}"
    try:
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=folder,
            env={**clean_environment(), **variables, "TF_CLI_ARGS": "-no-color", "CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired as error:
        raise TerraformError(call, f"it was not done after {error.timeout:.0f} s", "") from None
    if done.returncode:
        raise TerraformError(call, done.stderr, done.stdout)
    return done.stdout
