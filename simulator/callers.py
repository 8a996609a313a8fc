"""Who is at the other end of a connection: Terraform, and the command that called it."""

import contextlib
import time
from pathlib import Path

from modelyard.bindings import ENGINES

import psutil

_KILL_WAIT_SECONDS = 10


class Callers:
    """The processes that descend from the one which a run started from; no others are ever touched."""

    def __init__(self, origin: int) -> None:
        """Takes the process's id."""
        self._origin = origin

    def terraform(self, peer: str) -> psutil.Process | None:
        """Gives the Terraform process at the other end of a gRPC peer (`ipv4:127.0.0.1:PORT`), if it descends."""
        port = int(peer.rpartition(":")[2])
        for process in self._descendants():
            try:
                if process.name() == "terraform" and any(
                    connection.laddr and connection.laddr.port == port for connection in process.net_connections("tcp")
                ):
                    return process
            except psutil.Error:
                # It has ended meanwhile.
                continue
        return None

    def cli(self, terraform: psutil.Process) -> psutil.Process | None:
        """Gives the nearest command above Terraform: `modelyard`, `python -m commands`, `cdktf` or `cdktn`."""
        try:
            for process in terraform.parents():
                if process.pid == self._origin:
                    return None
                if _is_cli(process.cmdline()):
                    return process
        except psutil.Error:
            pass
        return None

    def _descendants(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self._origin).children(recursive=True)
        except psutil.Error:
            return []


def _is_cli(command: list[str]) -> bool:
    program, *arguments = [Path(part).name for part in command] or [""]
    if program.startswith("python"):
        return "commands" in arguments or "modelyard" in arguments
    return program == "node" and any(argument.startswith(tuple(ENGINES)) for argument in arguments)


def kill(process: psutil.Process) -> None:
    """Ends a process with SIGKILL; waits until it does nothing any more, not until its parent has taken note of it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()
        until = time.monotonic() + _KILL_WAIT_SECONDS
        while process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < until:
            time.sleep(0.01)
