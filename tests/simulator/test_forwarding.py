"""Real plugins beside the simulator; what they plan is tested in tests/e2e."""

from pathlib import Path

import pytest

from simulator import SimulatedProviders
from simulator.plugin_binaries import RECORDED_VERSIONS, system
from tests.simulator.estate import Terraform, environment_with

# Real Terraform, again and again.
pytestmark = pytest.mark.slow


def test_a_plugin_that_does_not_start_is_named(tmp_path: Path) -> None:
    version = RECORDED_VERSIONS["google"]
    folder = tmp_path / "plugins/registry.terraform.io/hashicorp/google" / version / system()
    plugin = folder / f"terraform-provider-google_v{version}"
    plugin.parent.mkdir(parents=True)
    plugin.write_text("#!/bin/sh\nexit 1\n")
    plugin.chmod(0o755)
    with SimulatedProviders(tmp_path / "world", [tmp_path / "plugins"]) as providers:
        stack = Terraform(tmp_path / "stack", environment_with(providers))
        stack.write({"google_storage_bucket": {"bucket": {"name": "models", "location": "US"}}})

        errors = stack.refused()

    assert "The real plugin of provider google failed" in errors
    assert f"{plugin.name} did not start as a provider plugin" in errors
