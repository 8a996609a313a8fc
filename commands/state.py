"""`modelyard state`: `move` takes the state store's own state from its local file into the store, and back."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console

from commands.environment_file import edited
from commands.remote_state import RemoteState, are_same, opened
from commands.state_restore import restore
from commands.state_unlock import unlock
from stacks.environments import load_cloud_settings
from stacks.paths import ROOT

console = Console(highlight=False, soft_wrap=True)
app = typer.Typer(help="Terraform's states: the store's own, locks, older versions.", no_args_is_help=True)
app.command()(unlock)
app.command()(restore)


def local_state(stack: str) -> Path:
    """Where the state stack keeps its state while there is no store."""
    return ROOT / f"terraform.{stack}.tfstate"


@app.command()
def move(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/.")],
    *,
    to: Annotated[Literal["remote", "local"], typer.Option(help="Into the store, or back into a local file.")],
) -> None:
    """Move the state store's own state, and record where it is; safe to run again, also after an interruption."""
    settings = load_cloud_settings(environment)
    # It imports CDKTF, which no other command should wait for.
    from stacks.platform import state_store_of  # noqa: PLC0415 - see above

    store, stack = state_store_of(settings), settings.stack_id("state")
    file = local_state(stack)
    place = f"in {store.url(stack)}" if to == "remote" else f"in {file.name}"
    if settings.state.own_state == to:
        console.print(f"already there: the state of {stack} is kept {place}")
        return
    if to == "remote" and not file.is_file():
        raise ConfigurationError(
            f"there is no state of {stack} to move", mend=f"npx cdktf deploy {stack}", where=file.name
        )
    with opened({store.backend: store.arguments(stack)}) as remote:
        count = _into_store(remote, file) if to == "remote" else _into_file(remote, file)
    with edited(environment) as document:
        document["state"]["own_state"] = to
    # What Terraform noted of the old place would make it ask for a migration that has happened.
    (ROOT / "cdktf.out" / "stacks" / stack / ".terraform" / "terraform.tfstate").unlink(missing_ok=True)
    console.print(
        f"moved: the state of {stack}, {count} resources, is kept {place}; commit environments/{environment}.toml"
    )


def _into_store(remote: RemoteState, file: Path) -> int:
    state = _read(file)
    # Terraform counts a push as a change: what an interrupted run has sent already would be refused as older.
    if not are_same(state, remote.pull()):
        remote.push(state)
        if not are_same(state, remote.pull()):
            raise ConfigurationError(
                "what came back from the store is not what was sent; the local state is untouched",
                mend="look at the store's versions, then run the command again",
            )
    file.rename(file.with_suffix(".tfstate.moved"))
    return len(state["resources"])


def _into_file(remote: RemoteState, file: Path) -> int:
    state = remote.pull()
    if state.get("resources"):
        file.write_text(json.dumps(state, indent=2))
        _forget(remote)
    elif not file.is_file() or _read(file)["lineage"] != state.get("lineage"):
        raise ConfigurationError("the state in the store is empty", mend="see docs/state.md, how to restore a version")
    # Ahead of the empty one that is left behind, or Terraform would refuse to push it over that one again.
    local = _read(file) | {"serial": remote.pull()["serial"] + 1}
    file.write_text(json.dumps(local, indent=2))
    return len(local["resources"])


def _forget(remote: RemoteState) -> None:
    """Leaves an empty state behind, so that nobody takes the store's copy for the living one."""
    state = remote.pull()
    remote.push(state | {"resources": [], "outputs": {}, "serial": state["serial"] + 1})


def _read(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text()))
