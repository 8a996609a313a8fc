"""`modelyard state move`: the state store's own state, from its local file into the store and back."""

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console

from commands.environment_file import edited
from commands.terraform import TerraformError, terraform
from stacks.environments import load_cloud_settings
from stacks.paths import ROOT
from stacks.platform import state_store_of
from stacks.state_store import StateStore

console = Console(highlight=False, soft_wrap=True)
app = typer.Typer(help="Where the state store keeps its own state.", no_args_is_help=True)


def local_state(stack: str) -> Path:
    """Where the state stack keeps its state while there is no store."""
    return ROOT / f"terraform.{stack}.tfstate"


class _Remote:
    """The store's place for one stack, reached through Terraform's own backend."""

    def __init__(self, folder: Path, store: StateStore, stack: str) -> None:
        # The backend alone. Only when the store holds a state already does Terraform want that state's provider.
        backend = {"terraform": {"backend": {store.backend: store.arguments(stack)}}}
        (folder / "backend.tf.json").write_text(json.dumps(backend))
        self._folder = folder
        self._terraform("init", "-input=false")

    def _terraform(self, *arguments: str) -> str:
        try:
            # A backend that does not answer is asked again for longer than any bound that would be right.
            return terraform(self._folder, {}, *arguments, timeout=None)
        except TerraformError as error:
            raise ConfigurationError(
                f"terraform {arguments[0]} failed, nothing was moved:\n{error.said.strip()}",
                mend="mend what Terraform says; the command can be run again",
            ) from error

    def pull(self) -> dict[str, Any]:
        """The state in the store; empty when there is none."""
        text = self._terraform("state", "pull")
        return dict(json.loads(text)) if text.strip() else {}

    def push(self, file: Path) -> None:
        """Terraform refuses a state of another lineage, and one that is older than the store's."""
        self._terraform("state", "push", str(file))

    def forget(self) -> None:
        """Leaves an empty state behind, so that nobody takes the store's copy for the living one."""
        emptied = self.pull()
        file = self._folder / "empty.tfstate"
        file.write_text(json.dumps(emptied | {"resources": [], "outputs": {}, "serial": emptied["serial"] + 1}))
        self.push(file)


@app.command()
def move(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/.")],
    *,
    to: Annotated[Literal["remote", "local"], typer.Option(help="Into the store, or back into a local file.")],
) -> None:
    """Move the state store's own state, and record where it is; safe to run again, also after an interruption."""
    settings = load_cloud_settings(environment)
    store, stack = state_store_of(settings), settings.stack_id("state")
    file = local_state(stack)
    place = f"in {store.url(stack)}" if to == "remote" else f"in {file.name}"
    if settings.state.own_state == to:
        console.print(f"already there: the state of {stack} is kept {place}")
        return
    if to == "remote" and not file.is_file():
        raise ConfigurationError(f"there is no state of {stack} to move", mend=f"cdktf deploy {stack}", where=file.name)
    with tempfile.TemporaryDirectory() as folder:
        remote = _Remote(Path(folder), store, stack)
        count = _into_store(remote, file) if to == "remote" else _into_file(remote, file)
    with edited(environment) as document:
        document["state"]["own_state"] = to
    # What Terraform noted of the old place would make it ask for a migration that has happened.
    (ROOT / "cdktf.out" / "stacks" / stack / ".terraform" / "terraform.tfstate").unlink(missing_ok=True)
    console.print(
        f"moved: the state of {stack}, {count} resources, is kept {place}; commit environments/{environment}.toml"
    )


def _into_store(remote: _Remote, file: Path) -> int:
    state = _read(file)
    # Terraform counts a push as a change: what an interrupted run has sent already would be refused as older.
    if not _are_same(state, remote.pull()):
        remote.push(file)
        if not _are_same(state, remote.pull()):
            raise ConfigurationError(
                "what came back from the store is not what was sent; the local state is untouched",
                mend="look at the store's versions, then run the command again",
            )
    file.rename(file.with_suffix(".tfstate.moved"))
    return len(state["resources"])


def _into_file(remote: _Remote, file: Path) -> int:
    state = remote.pull()
    if state.get("resources"):
        file.write_text(json.dumps(state, indent=2))
        remote.forget()
    elif not file.is_file() or _read(file)["lineage"] != state.get("lineage"):
        raise ConfigurationError("the state in the store is empty", mend="see docs/state.md, how to restore a version")
    # Ahead of the empty one that is left behind, or Terraform would refuse to push it over that one again.
    local = _read(file) | {"serial": remote.pull()["serial"] + 1}
    file.write_text(json.dumps(local, indent=2))
    return len(local["resources"])


def _read(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text()))


def _are_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.get("lineage") == other.get("lineage") and _instances(one) == _instances(other)


def _instances(state: dict[str, Any]) -> list[Any]:
    """What must survive a move; Terraform may write the rest of a state in another form."""
    parts = ("module", "mode", "type", "name")
    return [
        [*(resource.get(part) for part in parts), instance.get("index_key"), instance["attributes"]]
        for resource in state.get("resources", [])
        for instance in resource["instances"]
    ]
