"""Every resource type by every action by every fault."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

import tomlkit

Action = Literal["create", "read", "update", "delete"]
FaultName = Literal["error", "kill terraform", "kill cli", "hang"]

ACTIONS: Final = get_args(Action)
FAULTS: Final = get_args(FaultName)
#: After this many seconds the command ends a Terraform that hangs.
HANG_SECONDS: Final = 6.0
# Answers that get lost after the world has changed, in the words of each provider.
_LOST_ANSWERS: Final = {
    "google": "googleapi: Error 503: The service is currently unavailable., backendError",
    "azurerm": "polling after CreateOrUpdate: unexpected status 503 (503 Service Unavailable)",
    "kubernetes": "etcdserver: request timed out",
    "helm": "Kubernetes cluster unreachable: http2: client connection lost",
}


@dataclass(frozen=True, order=True)
class Case:
    """One broken-off command.

    Attributes:
        cloud: `gke` or `aks`.
        type: The resource type that the fault waits for.
        action: What Terraform does with it.
        fault: What happens then.
    """

    cloud: str
    type: str
    action: Action
    fault: FaultName

    def __str__(self) -> str:
        """What a person reads."""
        return f"{self.cloud} {self.type} {self.action}: {self.fault}"

    def scenario(self) -> dict[str, Any]:
        """The scenario: what was asked for has been done, and nobody hears of it."""
        fault: dict[str, Any] = {"type": self.type, "action": self.action}
        if self.action != "read":
            fault["when"] = "after"
        match self.fault:
            case "error":
                fault |= {"what": "error", "summary": _LOST_ANSWERS[self.type.partition("_")[0]]}
            case "hang":
                fault |= {"what": "hang"}
            case "kill terraform" | "kill cli":
                fault |= {"what": "kill", "who": self.fault.removeprefix("kill ")}
        return fault


def write_scenario(faults: list[dict[str, Any]], file: Path) -> None:
    """Writes a scenario file."""
    file.write_text(tomlkit.dumps({"faults": faults}))
