"""One environment at two revisions."""

from dataclasses import dataclass
from pathlib import Path

from estate.stacks import Estate
from stacks.settings import Settings


@dataclass(frozen=True)
class Sides:
    """One environment at two revisions.

    Attributes:
        base: Its stacks; empty where there was no such environment.
        head: The same.
        sources: The head's files.
        settings: The head's settings; of an environment that is gone, the base's.
        base_settings: The base's; None where there was no such environment, or they are not understood any more.
    """

    base: Estate
    head: Estate
    sources: Path
    settings: Settings
    base_settings: Settings | None = None
