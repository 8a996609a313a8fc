"""`modelyard state unlock`: the lock of a run that was killed."""

import socket
from typing import Annotated

from modelyard.errors import ConfigurationError

import psutil
import typer
from rich.console import Console

from commands.remote_state import backend_of, opened
from terraform_cli.locks import Backend, Lock, may_hold

console = Console(highlight=False, markup=False, soft_wrap=True)


def unlock(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/.")],
    stack: Annotated[str, typer.Argument(metavar="STACK", help="A stack's id, as `cdktf list` shows it.")],
    *,
    id_: Annotated[str | None, typer.Option("--id", metavar="ID", help="Release this lock, and no other.")] = None,
) -> None:
    """Say who holds a stack's state; with --id, release the lock of a run that was killed."""
    backend = backend_of(environment, stack)
    with opened(backend) as state:
        lock = state.lock()
        if lock is None:
            console.print(f"not locked: the state of {stack}")
            return
        console.print(f"locked: the state of {stack}")
        console.print(f"  by     {lock.who}")
        console.print(f"  for    {lock.operation}")
        console.print(f"  since  {lock.since:%Y-%m-%d %H:%M:%S} UTC")
        console.print(f"  id     {lock.id}")
        refuse_living(lock, backend)
        command = f"modelyard state unlock {environment} {stack} --id {lock.id}"
        if id_ is None:
            raise ConfigurationError(f"nothing was released: {evidence(lock)}", mend=f"if it has ended: {command}")
        if id_ != lock.id:
            raise ConfigurationError(
                f"nothing was released: the lock is no longer {id_}, another run holds it",
                mend=f"look again at who it is; if that run has ended: {command}",
            )
        state.release(lock)
    console.print(
        f"released: the state of {stack}; what the killed run made last may be missing in it, docs/state.md tells how "
        "to find it"
    )


def evidence(lock: Lock) -> str:
    """What can be known of a run that holds a lock and is not seen here."""
    if lock.host == socket.gethostname():
        return "no Terraform is at work on this state here, but the run may be in a container of this machine's name"
    return f"whether that run has ended can be seen on {lock.host} only"


def refuse_living(lock: Lock, backend: Backend) -> None:
    """Raises ConfigurationError if the run that holds the lock may still be at work on this machine."""
    if "local" in backend:
        raise ConfigurationError(
            "nothing was released: a file's lock goes with the Terraform that holds it, so that one still runs",
            mend="wait for it, or end it",
        )
    if lock.host != socket.gethostname():
        return
    if running := [str(process.pid) for process in psutil.process_iter() if may_hold(process, backend)]:
        raise ConfigurationError(
            f"nothing was released: Terraform is at work on this state here, process {', '.join(running)}",
            mend=f"wait for it, or end it, which saves its state: kill -INT {' '.join(running)}",
        )
