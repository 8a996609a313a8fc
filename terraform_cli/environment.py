"""The environment variables that Terraform is run with."""

import os
from pathlib import Path


def clean_environment() -> dict[str, str]:
    """The process's environment without what would change where Terraform works or what it asks for."""
    leaking = {"TF_WORKSPACE", "TF_DATA_DIR", "TF_CLI_ARGS", "TF_REATTACH_PROVIDERS", "TF_PLUGIN_CACHE_DIR"}
    # One that names a missing file does nothing but warn, at every call.
    if not Path(os.environ.get("TF_CLI_CONFIG_FILE", "")).is_file():
        leaking.add("TF_CLI_CONFIG_FILE")
    return {name: value for name, value in os.environ.items() if name not in leaking}
