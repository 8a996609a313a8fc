"""A value that goes through Terraform, and what comes out of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cdktf import App, LocalBackend, TerraformOutput, TerraformStack

from terraform_cli.call import terraform


def applied_output(folder: Path, declare: Callable[[TerraformStack], str]) -> Any:  # noqa: ANN401 - a JSON value
    """What an output with that value is, applied for real with no provider but Terraform's own."""
    app = App(outdir=str(folder))
    stack = TerraformStack(app, "stack")
    # By default it would be in this process's folder.
    LocalBackend(stack, path=str(folder / "terraform.tfstate"))
    output = TerraformOutput(stack, "values", value=declare(stack))
    output.override_logical_id("values")
    app.synth()
    synthesised = folder / "stacks" / "stack"
    terraform(synthesised, {}, "init", "-input=false")
    terraform(synthesised, {}, "apply", "-input=false", "-auto-approve")
    return json.loads(terraform(synthesised, {}, "output", "-json", "values"))
