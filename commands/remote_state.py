"""One stack's state, reached through Terraform's own backend and with whatever identity Terraform finds."""

import difflib
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modelyard.errors import ConfigurationError

from stacks.environments import load_settings
from stacks.paths import ROOT
from terraform_cli.call import TerraformError, terraform
from terraform_cli.locks import Backend, Lock


class RemoteState:
    """The state behind a backend block, for example `{"gcs": {"bucket": …, "prefix": …}}`."""

    def __init__(self, folder: Path, backend: Backend) -> None:
        # The backend alone. Only when the store holds a state already does Terraform want that state's provider.
        (folder / "backend.tf.json").write_text(json.dumps({"terraform": {"backend": backend}}))
        self._folder = folder
        self._terraform("init", "-input=false")

    def _run(self, *arguments: str) -> str:
        # A backend that does not answer is asked again for longer than any bound that would be right.
        return terraform(self._folder, {}, *arguments, timeout=None)

    def _terraform(self, *arguments: str) -> str:
        try:
            return self._run(*arguments)
        except TerraformError as error:
            raise _refusal(arguments[0], error) from error

    def pull(self) -> dict[str, Any]:
        """The state; empty when there is none."""
        text = self._terraform("state", "pull")
        return dict(json.loads(text)) if text.strip() else {}

    def push(self, state: Mapping[str, Any]) -> None:
        """Terraform refuses a state of another lineage, one that is older, and any while another run holds the lock."""
        file = self._folder / "pushed.tfstate"
        file.write_text(json.dumps(state))
        self._terraform("state", "push", str(file))

    def lock(self) -> Lock | None:
        """The lock that another run holds; None if the state is free."""
        try:
            # Terraform shows a lock only to those whom it keeps out: this takes it for a moment, and changes nothing.
            self._run("untaint", "-allow-missing", "terraform_data.nothing")
        except TerraformError as error:
            if lock := Lock.told_by(error.said):
                return lock
            raise _refusal("untaint", error) from error
        return None

    def release(self, lock: Lock) -> None:
        """Takes the lock away from whoever holds it."""
        self._terraform("force-unlock", "-force", lock.id)


def _refusal(call: str, error: TerraformError) -> ConfigurationError:
    mend = "mend what Terraform says; the command can be run again"
    if Lock.told_by(error.said):
        mend = "wait for that run; if it was killed, `modelyard state unlock` releases its lock"
    return ConfigurationError(f"terraform {call} failed, nothing was changed:\n{error.said.strip()}", mend=mend)


@contextmanager
def opened(backend: Backend) -> Iterator[RemoteState]:
    """The state behind a backend block, for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        yield RemoteState(Path(folder), backend)


def backend_of(environment: str, stack: str) -> Backend:
    """The backend block with which a stack is deployed from this checkout.

    Raises:
        ConfigurationError: There is no such environment or stack, or its settings are wrong.
    """
    # They import CDKTF and start Node, which no other command should wait for.
    from cdktf import TerraformStack  # noqa: PLC0415 - see above

    from stacks.app import look_at_app  # noqa: PLC0415 - see above

    settings = load_settings(environment)
    app = look_at_app(settings)
    stacks = {each.node.id: each for each in app.node.children if isinstance(each, TerraformStack)}
    if stack not in stacks:
        close = difflib.get_close_matches(stack, stacks, n=1)
        raise ConfigurationError(
            f"{environment} has no stack {stack!r}",
            mend=f"did you mean {close[0]}?" if close else f"choose one of {', '.join(stacks)}",
        )
    backend: dict[str, dict[str, Any]] = stacks[stack].to_terraform()["terraform"]["backend"]
    if "local" in backend:
        # It is written as seen from the stack's folder.
        path = ROOT / "cdktf.out" / "stacks" / stack / backend["local"]["path"]
        return {"local": {"path": str(path.resolve())}}
    return backend


def are_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether nothing of a state was lost on its way."""
    return one.get("lineage") == other.get("lineage") and _instances(one) == _instances(other)


def _instances(state: Mapping[str, Any]) -> list[Any]:
    """What must survive; Terraform may write the rest of a state in another form."""
    parts = ("module", "mode", "type", "name")
    return [
        [*(resource.get(part) for part in parts), instance.get("index_key"), instance["attributes"]]
        for resource in state.get("resources", [])
        for instance in resource["instances"]
    ]
