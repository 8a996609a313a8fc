"""A mirror of provider plugins, from which alone Terraform gets them."""

from pathlib import Path


def only_from(mirror: Path, settings: Path) -> Path:
    """Writes the CLI configuration that names no other place, and gives its file."""
    settings.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n')
    return settings
