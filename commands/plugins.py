"""`modelyard plugins`: the real provider plugins, with which rehearsals and previews check and plan."""

from pathlib import Path

from rich.console import Console

from commands.required_tools import refuse_missing_tools
from simulator.plugin_binaries import RECORDED_VERSIONS, forwarded_plugins
from stacks.paths import ROOT
from terraform_cli.plugin_installation import install
from terraform_cli.plugins import folder_with_all, plugin_folders

_MEGABYTE = 10**6

console = Console(highlight=False, soft_wrap=True)


def plugins() -> None:
    """Get the real plugins of google, azurerm and kubernetes, in the versions that rehearsals and previews plan with.

    Where no folder of this machine has them all, Terraform itself installs them into .plugins of this checkout, from
    the registry or from a mirror that its CLI configuration names.
    """
    refuse_missing_tools()
    if there := folder_with_all(plugin_folders()):
        _show("already", there)
        return
    with console.status("Terraform gets the plugins …"):
        folder = install(ROOT)
    _show("new", folder)


def _show(what: str, folder: Path) -> None:
    for name, binary in forwarded_plugins([folder]).items():
        size = binary.stat().st_size / _MEGABYTE
        console.print(f"  [green]✓[/] {name} {RECORDED_VERSIONS[name]}  [dim]{size:.0f} MB[/]")
    console.print(f"{what} in {folder}: rehearsals and previews check and plan with them")
