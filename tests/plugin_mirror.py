"""A mirror of provider plugins, from which alone Terraform gets them."""

from pathlib import Path

from simulator.plugin_binaries import RECORDED_VERSIONS, system


def only_from(mirror: Path, settings: Path) -> Path:
    """Writes the CLI configuration that names no other place, and gives its file."""
    settings.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n')
    return settings


def place_of_archive(mirror: Path, provider: str) -> Path:
    """Where it has a plugin packed, as the registry has it; the folder is made."""
    folder = mirror / "registry.terraform.io" / "hashicorp" / provider
    folder.mkdir(parents=True)
    return folder / f"terraform-provider-{provider}_{RECORDED_VERSIONS[provider]}_{system()}.zip"
