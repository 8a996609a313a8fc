"""The real provider plugins on this machine, as files: to look for them needs none of what speaks with them."""

import contextlib
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Final

RECORDED_VERSIONS: Final = {"google": "6.50.0", "azurerm": "4.55.0", "kubernetes": "2.38.0", "helm": "3.1.1"}
# Those that plan without calling anybody. helm does not: it fetches its chart.
FORWARDED: Final = ("google", "azurerm", "kubernetes")
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def forwarded_plugins(folders: Sequence[Path]) -> dict[str, Path]:
    """Gives the real plugins of the recorded versions by the provider's name; the first folder that has one counts."""
    found: dict[str, Path] = {}
    for folder in folders:
        for name in FORWARDED:
            with contextlib.suppress(FileNotFoundError):
                found.setdefault(name, find_binary(folder, name))
    return found


def find_binary(mirror: Path, provider: str) -> Path:
    """Gives the plugin of the recorded version for this machine; raises FileNotFoundError.

    Args:
        mirror: Laid out as the `.terraform/providers` of a folder after `terraform init`.
        provider: Its name: `google`.
    """
    folder = mirror / "registry.terraform.io" / "hashicorp" / provider / RECORDED_VERSIONS[provider] / system()
    for binary in sorted(folder.glob(f"terraform-provider-{provider}_*")):
        return binary
    raise FileNotFoundError(
        f"no plugin of {provider} in {folder}: name the .terraform/providers of a folder where `terraform init` "
        "installed this version"
    )


def system() -> str:
    """Names this machine as Terraform does: `linux_amd64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{_ARCHITECTURES.get(machine, machine)}"
