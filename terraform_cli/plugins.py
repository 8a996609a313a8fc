"""Where Terraform itself would find the real provider plugins on this machine; nothing is downloaded."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from simulator.plugin_binaries import FORWARDED, RECORDED_VERSIONS, forwarded_plugins
from stacks.clouds import own_provider

# Settings of a Terraform CLI configuration; a comment does not begin like one.
_CACHE = re.compile(r'^\s*plugin_cache_dir\s*=\s*"([^"]+)"', re.MULTILINE)
_MIRROR = re.compile(r'^\s*filesystem_mirror\s*\{(?:[^}]*?^)?\s*path\s*=\s*"([^"]+)"', re.MULTILINE)


def plugin_folders() -> list[Path]:
    """Folders of unpacked plugins, laid out as in `.terraform/providers`.

    They are the plugin cache of TF_PLUGIN_CACHE_DIR; the cache and the filesystem mirrors of the user's CLI
    configuration (TF_CLI_CONFIG_FILE, else `~/.terraformrc`); and `~/.terraform.d/plugins`.
    """
    return [folder for folder in map(Path, _named()) if folder.is_dir()]


def _named() -> Iterator[str]:
    yield from filter(None, [os.environ.get("TF_PLUGIN_CACHE_DIR")])
    file = Path(os.environ.get("TF_CLI_CONFIG_FILE") or Path.home() / ".terraformrc")
    if file.is_file():
        content = file.read_text()
        yield from map(os.path.expandvars, [*_CACHE.findall(content), *_MIRROR.findall(content)])
    yield str(Path.home() / ".terraform.d" / "plugins")


def whose_plans(folders: list[Path], cloud: str) -> str:
    """Says which provider's plans are real in an environment of this cloud under these folders of plugins."""
    used = {name: RECORDED_VERSIONS[name] for name in (own_provider(cloud), "kubernetes", "helm")}
    found = forwarded_plugins(folders).keys() & used.keys()
    if not found:
        return "the plans are the simulator's own, made from the recorded schemas of the real ones"
    real = [f"{name} {version}" for name, version in used.items() if name in found]
    own = [
        f"{name} ({f'no plugin {version} found' if name in FORWARDED else 'which would fetch its charts'})"
        for name, version in used.items()
        if name not in found
    ]
    return f"the plans are those of the real {' and '.join(real)}; the simulator's own for {' and '.join(own)}"
