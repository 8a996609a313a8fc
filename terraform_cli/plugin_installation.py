"""Gets the real provider plugins of the recorded versions, as Terraform itself installs them."""

import json
import os
import shutil
import tempfile
from pathlib import Path

from modelyard.errors import ConfigurationError

from simulator.plugin_binaries import FORWARDED, RECORDED_VERSIONS
from terraform_cli.call import TerraformError, terraform
from terraform_cli.plugins import plugins_of_checkout

_REGISTRY = "registry.terraform.io"


def install(checkout: Path) -> Path:
    """Lets Terraform install them into a folder that `plugin_folders` finds, and gives that.

    Where from is what the user's CLI configuration says, else the registry; Terraform checks signatures. Each plugin is
    there whole, or not at all.

    Raises:
        ConfigurationError: With Terraform's own words.
    """
    target = plugins_of_checkout(checkout)
    target.mkdir(exist_ok=True)
    required = {
        # With the host's name: OpenTofu's own registry is another.
        name: {"source": f"{_REGISTRY}/hashicorp/{name}", "version": RECORDED_VERSIONS[name]}
        for name in FORWARDED
    }
    with tempfile.TemporaryDirectory(dir=target) as work:
        folder = Path(work)
        (folder / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": required}}))
        try:
            terraform(folder, _plugin_cache(), "init", "-input=false", timeout=None)
        except TerraformError as error:
            raise ConfigurationError(
                f"Terraform could not get the plugins:\n\n{error.said.strip()}\n",
                mend="mend the network (HTTPS_PROXY?), or name a mirror: "
                "https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation; "
                "rehearsals do without",
            ) from error
        for name in FORWARDED:
            place = Path(_REGISTRY, "hashicorp", name)
            shutil.rmtree(target / place, ignore_errors=True)
            (target / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / ".terraform" / "providers" / place).rename(target / place)
    return target


def _plugin_cache() -> dict[str, str]:
    """Which no other call of Terraform gets: several at once would damage it."""
    folder = os.environ.get("TF_PLUGIN_CACHE_DIR", "")
    return {"TF_PLUGIN_CACHE_DIR": folder} if Path(folder).is_absolute() and Path(folder).is_dir() else {}
