"""`modelyard cost`: what an environment costs a month, reckoned from its stacks; no cloud is asked."""

import datetime
import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from costs.estimate import Estimate, estimate
from costs.place import as_billed, place_of
from costs.report import as_json, is_above, remarks, table
from costs.resources import Resource, declared
from stacks.environments import chosen_environment, load_cloud_settings
from stacks.settings import CloudSettings

console = Console(highlight=False, soft_wrap=True)


def cost(
    name: Annotated[str | None, typer.Argument(metavar="[ENV]", help="A file of environments/, in a cloud.")] = None,
    *,
    is_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what an environment costs a month at list prices; exits with 1 if that may be above its cap."""
    tell(load_cloud_settings(chosen_environment() if name is None else name), is_json=is_json)


def tell(settings: CloudSettings, *, is_json: bool) -> None:
    """Prints it for an environment. Raises typer.Exit with 1 above the cap."""
    found = estimated(settings)
    cap, today = settings.monthly_cap_usd, datetime.datetime.now(datetime.UTC).date()
    if is_json:
        typer.echo(json.dumps(as_json(found, name=settings.name, cap=cap, today=today), indent=2))
    else:
        console.print(table(found, settings.name))
        for remark in remarks(found, cap=cap, today=today):
            console.print(remark)
    if is_above(found, cap):
        raise typer.Exit(1)


def estimated(settings: CloudSettings) -> Estimate:
    """What an environment costs a month, as its stacks are declared; see `estimate`."""
    return estimate(_declared_resources(settings), place_of(settings))


def _declared_resources(settings: CloudSettings) -> list[Resource]:
    # It imports CDKTF and starts Node, which no other command should wait for.
    from stacks.app import build_app  # noqa: PLC0415 - see above

    with tempfile.TemporaryDirectory() as folder:
        build_app(settings, outdir=folder).synth()
        found = [
            resource
            for file in sorted(Path(folder).glob("stacks/*/cdk.tf.json"))
            for resource in declared(file.parent.name, json.loads(file.read_text()))
        ]
    return as_billed(found, settings)
