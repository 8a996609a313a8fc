"""What two revisions of an environment do not share."""

from dataclasses import dataclass

from estate.stacks import Estate


@dataclass(frozen=True)
class Difference:
    """Which stacks two estates do not share, each sorted.

    Attributes:
        added: In the head only.
        removed: In the base only.
        changed: In both, with something else in them.
        moved: In both, with another place for the state.
    """

    added: list[str]
    removed: list[str]
    changed: list[str]
    moved: list[str]

    @property
    def planned(self) -> list[str]:
        """What a deploy of the head may change."""
        return sorted([*self.added, *self.changed])


def difference(base: Estate, head: Estate) -> Difference:
    """Compares the stacks of two revisions of one environment."""
    both = sorted(base.keys() & head.keys())
    return Difference(
        added=sorted(head.keys() - base.keys()),
        removed=sorted(base.keys() - head.keys()),
        changed=[id_ for id_ in both if base[id_].deployed != head[id_].deployed],
        moved=[id_ for id_ in both if base[id_].backend != head[id_].backend],
    )
