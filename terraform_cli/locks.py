"""The lock on a state: who holds it, and whether a process on this machine may."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

Backend = Mapping[str, Mapping[str, Any]]

_LOCK_INFO = re.compile(
    r"Lock Info:\n\s+ID: +(?P<id>\S+)\n\s+Path: .*\n\s+Operation: +(?P<operation>\S+)\n\s+Who: +(?P<who>.+)\n"
    r"(?:.*\n)*?\s+Created: +(?P<since>\S+ [\d:]+)"
)


@dataclass(frozen=True)
class Lock:
    """What Terraform notes of the run that holds a state.

    Attributes:
        id: With which it can be released.
        operation: Terraform's word for what the run does, for example `OperationTypeApply`.
        who: `user@host`.
        since: When it was taken, by the host's clock.
    """

    id: str
    operation: str
    who: str
    since: datetime

    @property
    def host(self) -> str:
        """The machine's own name for itself."""
        return self.who.rpartition("@")[2]

    @classmethod
    def told_by(cls, error: str) -> "Lock | None":
        """The lock that Terraform names in an error; None if it names none."""
        found = _LOCK_INFO.search(error)
        if not found:
            return None
        since = datetime.fromisoformat(found["since"]).replace(tzinfo=UTC)
        return cls(found["id"], found["operation"], found["who"].strip(), since)

    def __str__(self) -> str:
        purpose = self.operation.removeprefix("OperationType").lower()
        return f"{self.who}, since {self.since:%Y-%m-%d %H:%M:%S} UTC, for {purpose}"


def may_hold(process: psutil.Process, backend: Backend) -> bool:
    """Whether a process is a Terraform on this state; one that cannot be looked into may be."""
    try:
        if process.name().removesuffix(".exe") != "terraform" or process.status() == psutil.STATUS_ZOMBIE:
            return False
        folder = Path(process.cwd())
        noted = folder / process.environ().get("TF_DATA_DIR", ".terraform") / "terraform.tfstate"
        if folder.is_dir() and not noted.exists():
            return False
        theirs = json.loads(noted.read_text()).get("backend", {"type": ""})
    except psutil.NoSuchProcess:
        return False
    except (psutil.AccessDenied, OSError, ValueError):
        return True
    ((kind, arguments),) = backend.items()
    return bool(theirs["type"] == kind and arguments.items() <= theirs["config"].items())
