"""`modelyard protection`: the recorded step that lets state store, artifacts and cluster be destroyed."""

import datetime
import getpass
import subprocess
from typing import Annotated

import tomlkit
import typer
from rich.console import Console

from commands.environment_file import edited
from stacks.environments import load_cloud_settings

console = Console(highlight=False, soft_wrap=True)
app = typer.Typer(help="Lift or restore the protection of an environment.", no_args_is_help=True)
_TABLE = "protection_lifted"

Environment = Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/.")]


def person() -> str:
    """Who does it: git's address, else the user's name."""
    configured = subprocess.run(["git", "config", "user.email"], capture_output=True, text=True, check=False)
    return configured.stdout.strip() or getpass.getuser()


def record_lifting(environment: str, reason: str) -> None:
    """Writes into the environment's file who lets it be destroyed, when and why; raises ConfigurationError."""
    with edited(environment) as document:
        table = tomlkit.table()
        # In UTC, as everything that is dated here.
        table.update({"on": datetime.datetime.now(datetime.UTC).date(), "by": person(), "reason": reason})
        document[_TABLE] = table


@app.command()
def lift(
    environment: Environment,
    *,
    reason: Annotated[str, typer.Option(help="Why store, artifacts and cluster may go; it stands in the record.")],
) -> None:
    """Record who lets this environment be destroyed, when and why; the next deploy acts on it."""
    if record := load_cloud_settings(environment).protection_lifted:
        console.print(f"already lifted on {record.on} by {record.by}: {record.reason}")
        return
    record_lifting(environment, reason)
    console.print(f"recorded in environments/{environment}.toml; commit it, then: npx cdktf deploy '*'")


@app.command()
def restore(environment: Environment) -> None:
    """Remove the record: from the next deploy on, state store, artifacts and cluster refuse to be destroyed."""
    if load_cloud_settings(environment).is_protected:
        console.print("already protected")
        return
    with edited(environment) as document:
        del document[_TABLE]
    console.print(f"removed from environments/{environment}.toml; commit it, then: npx cdktf deploy '*'")
