"""Where the real provider plugins are on this machine; nothing is downloaded."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from simulator.plugin_binaries import FORWARDED, RECORDED_VERSIONS, forwarded_plugins
from stacks.clouds import own_provider
from stacks.paths import ROOT

# Settings of a Terraform CLI configuration; a comment does not begin like one.
_CACHE = re.compile(r'^\s*plugin_cache_dir\s*=\s*"([^"]+)"', re.MULTILINE)
_MIRROR = re.compile(r'^\s*filesystem_mirror\s*\{(?:[^}]*?^)?\s*path\s*=\s*"([^"]+)"', re.MULTILINE)

_GETS = "`make plugins` gets"


def plugin_folders(checkout: Path = ROOT) -> list[Path]:
    """Folders of unpacked plugins, laid out as in `.terraform/providers`.

    They are those where Terraform looks, that of `modelyard plugins`, and those of the checkout's stacks.
    """
    # Terraform writes the lock file when it has installed all of a stack's plugins.
    locks = sorted(checkout.glob("cdktf.out/stacks/*/.terraform.lock.hcl"))
    of_stacks = [lock.parent / ".terraform" / "providers" for lock in locks]
    found = [*terraforms_folders(), plugins_of_checkout(checkout), *of_stacks]
    return [folder for folder in found if folder.is_dir()]


def folder_with_all(folders: Iterable[Path]) -> Path | None:
    """The first folder that has every real plugin; None if none has."""
    return next((folder for folder in folders if forwarded_plugins([folder]).keys() == set(FORWARDED)), None)


def plugins_of_checkout(checkout: Path) -> Path:
    """What `modelyard plugins` has installed in a checkout; it need not be there."""
    return checkout / ".plugins"


def terraforms_folders() -> list[Path]:
    """The folders where Terraform looks for plugins, whatever it initialises.

    They are the plugin cache of TF_PLUGIN_CACHE_DIR; the cache and the filesystem mirrors of the user's CLI
    configuration (TF_CLI_CONFIG_FILE, else `~/.terraformrc`); and `~/.terraform.d/plugins`.
    """
    named = [*named_folders(), Path.home() / ".terraform.d" / "plugins"]
    return [folder for folder in named if folder.is_dir()]


def cli_configuration() -> Path:
    """The user's CLI configuration, which need not be there."""
    return Path(os.environ.get("TF_CLI_CONFIG_FILE") or Path.home() / ".terraformrc")


def named_folders() -> Iterator[Path]:
    """The plugin caches and mirrors that are named for Terraform, whether they are there or not."""
    yield from map(Path, filter(None, [os.environ.get("TF_PLUGIN_CACHE_DIR")]))
    if cli_configuration().is_file():
        content = cli_configuration().read_text()
        yield from map(Path, map(os.path.expandvars, [*_CACHE.findall(content), *_MIRROR.findall(content)]))


def whose_plans(folders: list[Path], cloud: str) -> str:
    """Says which provider's plans are real in an environment of this cloud under these folders of plugins."""
    names = [*filter(None, [own_provider(cloud)]), "kubernetes", "helm"]
    used = {name: RECORDED_VERSIONS[name] for name in names}
    found = forwarded_plugins(folders).keys() & used.keys()
    if not found:
        return f"the plans are the simulator's own, made from the recorded schemas of the real ones ({_GETS} those)"
    real = [f"{name} {version}" for name, version in used.items() if name in found]
    own = [
        f"{name} ({f'no plugin {version} found: {_GETS} it' if name in FORWARDED else 'which would fetch its charts'})"
        for name, version in used.items()
        if name not in found
    ]
    return f"the plans are those of the real {' and '.join(real)}; the simulator's own for {' and '.join(own)}"
