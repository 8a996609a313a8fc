"""What a change costs: two estimates of the same environment, one against the other."""

from collections import Counter
from dataclasses import dataclass

from costs.charges import NOTHING, Range
from costs.estimate import Estimate, Unpriced


@dataclass(frozen=True)
class Difference:
    """From one estimate to another.

    Attributes:
        stacks: How the month of each stack changes, in USD; those that stay as they are, are left out.
        before: The month before, in USD.
        after: The month after, in USD.
        newly_unpriced: What has no price and was not there before: the sum is without it.
    """

    stacks: dict[str, Range]
    before: Range
    after: Range
    newly_unpriced: tuple[Unpriced, ...]

    @property
    def monthly(self) -> Range:
        """How much the least and the most of a month change, in USD."""
        return self.after - self.before


def difference(before: Estimate, after: Estimate) -> Difference:
    """What changes from `before` to `after`; both of the whole environment, see `estimate`."""
    old, new = before.by_stack(), after.by_stack()
    changes = {stack: new.get(stack, NOTHING) - old.get(stack, NOTHING) for stack in sorted(old.keys() | new.keys())}
    unpriced = Counter(after.unpriced) - Counter(before.unpriced)
    return Difference(
        stacks={stack: change for stack, change in changes.items() if change != NOTHING},
        before=before.monthly,
        after=after.monthly,
        newly_unpriced=tuple(sorted(unpriced.elements())),
    )
