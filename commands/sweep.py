"""`modelyard sweep`: what an environment left in its cloud, what it costs, and away with it."""

from collections.abc import Sequence
from typing import Annotated

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console
from rich.markup import escape

from commands.synthesis import rehearsal_of, synthesise
from commands.volumes import confirm_deletion
from estate.states import deployed
from estate.volumes import KeptVolume
from leftovers.clouds import has_stand_in
from leftovers.finder import Leftover, delete, find
from leftovers.report import table, total
from stacks.environments import load_cloud_settings
from stacks.settings import CloudSettings

console = Console(highlight=False, soft_wrap=True)

Environment = Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/, in a cloud.")]
Delete = Annotated[bool, typer.Option("--delete", help="Delete it, after a question; otherwise it is only shown.")]
Yes = Annotated[bool, typer.Option("--yes", help="With --delete: do not ask.")]
Volumes = Annotated[bool, typer.Option("--volumes", help="With --delete: volumes too, with what people saved on them.")]


def sweep(environment: Environment, *, is_deleting: Delete = False, yes: Yes = False, volumes: Volumes = False) -> None:
    """Show what a cluster that is gone has left in the cloud; exits with 1 as long as something is left."""
    settings = load_cloud_settings(environment)
    found = find(settings)
    kept, left = [each for each in found if each.is_kept], [each for each in found if not each.is_kept]
    if kept:
        console.print(table(kept, f"{environment}: kept on purpose, and never swept"))
    if not left:
        console.print(f"[bold green]{environment}[/]: nothing is left")
        return
    console.print(table(left, f"{environment}: left by a cluster that is gone"))
    console.print(total(left))
    if not is_deleting:
        console.print(f"nothing is deleted: `modelyard sweep {environment} --delete` does that")
        raise typer.Exit(1)
    _refuse_while_deployed(settings)
    confirm_deletion(_volumes(left), confirmed=volumes)
    if not yes:
        typer.confirm(f"delete all {len(left)}?", abort=True)
    failures = delete(settings, left, lambda line: console.print(f"  {escape(line)}"))
    if failures:
        console.print(f"[red]{total([each.leftover for each in failures])}[/]; run it again once that is mended")
        raise typer.Exit(1)
    console.print(f"[bold green]{environment}[/]: nothing is left")


def _refuse_while_deployed(settings: CloudSettings) -> None:
    """What Terraform still knows is no leftover, also where the cluster itself has gone, or was never made."""
    if rehearsal_of(settings) and not has_stand_in():
        raise ConfigurationError(
            f"{settings.name} is rehearsed in this shell, and its leftovers are in the real cloud",
            mend="run it in another shell",
        )
    stack = settings.stack_id("cluster")
    with console.status("looks at what Terraform knows …"):
        synthesis = synthesise(settings)
        states = deployed({stack: synthesis.estate[stack]}, synthesis.variables)
    if stack in states:
        raise ConfigurationError(
            f"{stack} is deployed in part: its state still holds {states[stack].count} of what a sweep could delete",
            mend=f"modelyard teardown {settings.name}: it destroys that, and sweeps what is left then",
        )


def _volumes(left: Sequence[Leftover]) -> list[KeptVolume]:
    claims = [(each, each.claim.partition("/")) for each in left if each.claim]
    return [
        KeptVolume(namespace=namespace, name=name, size=f"{each.kind} {each.name}", path=None, is_declared=False)
        for each, (namespace, _, name) in claims
    ]
