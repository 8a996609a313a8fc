"""What is left, and what could not be deleted."""

from dataclasses import dataclass

from costs.charges import NOTHING, Range


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """A cloud resource that belongs to an environment, and that Terraform does not know.

    Attributes:
        kind: In words, for example `forwarding rule`.
        name: The cloud's name for it.
        location: Its zone or region; `global` for what is in none.
        id: Where the cloud's API has it: Google's path from `projects/` on, Azure's resource id.
        why_ours: What proves it, for people.
        step: When it is deleted: all of a lower step come before it.
        monthly: USD a month at list prices; None if no price is known here.
        claim: Of a disk or snapshot with what people saved, the claim that it was made for, `namespace/name`; empty for
            all others.
        is_kept: Whether somebody made it to stay, as the snapshot of a volume: it is listed, and never swept.
    """

    kind: str
    name: str
    location: str
    id: str
    why_ours: str
    step: int
    monthly: Range | None = NOTHING
    claim: str = ""
    is_kept: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.location})"


@dataclass(frozen=True)
class Failure:
    """What is there still.

    Attributes:
        leftover: It.
        why: What the cloud said.
    """

    leftover: Leftover
    why: str
