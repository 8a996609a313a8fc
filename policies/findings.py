"""What a policy finds in a plan."""

from dataclasses import dataclass
from typing import Literal

#: `deny` fails; `warn` is said, and fails nothing.
Severity = Literal["deny", "warn"]


@dataclass(frozen=True)
class Finding:
    """A failed check.

    Attributes:
        check: Its id, for example `CKV_GCP_26` or `MDY_5`.
        name: What it asks for.
        stack: The stack's id.
        resource: The resource's address in the stack.
        detail: What is wrong there; never a value that may be secret.
        severity: Whether it fails.
        part: What of the resource it is, when that holds several: `Job/ready` of a Helm release, or its `values`.
    """

    check: str
    name: str
    stack: str
    resource: str
    detail: str = ""
    severity: Severity = "deny"
    part: str = ""

    @property
    def place(self) -> str:
        """The resource's address, then the part: `helm_release.database/StatefulSet/polyaxon-postgresql`."""
        return f"{self.resource}/{self.part}" if self.part else self.resource
