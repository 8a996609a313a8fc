"""What a preview has found out, before anybody writes it down."""

from dataclasses import dataclass, field
from enum import StrEnum

from policies.verdict import Verdict
from preview.bill import Bill
from preview.changes import Action, Change, Plan
from preview.renames import Rename
from preview.sides import Sides
from preview.verdicts import Danger, Finding


class Status(StrEnum):
    """How far a stack's preview came."""

    PLANNED = "planned"
    LEFT_BEHIND = "left behind"
    NOT_PLANNABLE = "not plannable yet"
    FAILED = "failed"


@dataclass
class StackPreview:
    """One stack that differs between the two revisions, or of a whole environment.

    Attributes:
        id: The stack's id.
        file: Where its code begins, in the repo; empty if that is not known.
        status: How far it came.
        is_new: Whether the base has no such stack.
        moves_state: Whether its state has another place.
        changes: Of its resources.
        drift: What exists otherwise than the state says; only of a live preview.
        findings: What is dangerous.
        renames: What could stay under a new name.
        says: Why there is no plan.
        construct_paths: Where in the tree of constructs a resource is made, by address.
        plan: As Terraform gives it: for policies and costs, never to be shown.
    """

    id: str
    file: str = ""
    status: Status = Status.PLANNED
    is_new: bool = False
    moves_state: bool = False
    changes: list[Change] = field(default_factory=list)
    drift: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    renames: list[Rename] = field(default_factory=list)
    says: str = ""
    construct_paths: dict[str, str] = field(default_factory=dict)
    plan: Plan | None = field(default=None, repr=False)

    def count(self, action: Action) -> int:
        """How many resources it is done to."""
        return sum(change.action is action for change in self.changes)

    @property
    def has_changes(self) -> bool:
        """Whether a deploy would do anything, or what it may do differs, as far as is known."""
        return bool(self.changes or self.findings) or self.status is not Status.PLANNED


@dataclass
class EnvironmentPreview:
    """One environment.

    Attributes:
        name: Its file's name.
        plans_by: Whose plans they are, in words.
        has_real_plans: Whether any of them are a real provider's.
        stacks: Those that differ, in order of deployment.
        unchanged: How many others there are.
        error: Why there is nothing of it: what its program says.
        bill: What it costs a month; None where nobody bills.
        policies: What the policies say of the stacks that change; None where none has a plan.
        sides: Its stacks, as long as the folder is there where they were synthesised; None where they could not be.
    """

    name: str
    plans_by: str = ""
    has_real_plans: bool = True
    stacks: list[StackPreview] = field(default_factory=list)
    unchanged: int = 0
    error: str = ""
    bill: Bill | None = None
    policies: Verdict | None = None
    sides: Sides | None = field(default=None, repr=False)

    @property
    def findings(self) -> list[Finding]:
        """All of its stacks', the worst kind first."""
        found = [finding for stack in self.stacks for finding in stack.findings]
        kinds = list(Danger)
        return sorted(found, key=lambda each: (kinds.index(each.danger), each.stack, each.address))

    @property
    def has_failed(self) -> bool:
        """Whether something could not be looked at that should be."""
        return bool(self.error) or any(stack.status is Status.FAILED for stack in self.stacks)

    @property
    def is_refused(self) -> bool:
        """Whether the change must not be merged as it is."""
        above = self.bill is not None and self.bill.is_above_cap
        return above or (self.policies is not None and self.policies.is_failure)
