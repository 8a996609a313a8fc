"""The record in an environment's file that it is suspended, and what it forbids."""

from typing import Final

from modelyard.errors import ConfigurationError

from stacks.settings import Settings

#: The table of the file.
TABLE: Final = "suspended"


def refuse_while_suspended(settings: Settings) -> None:
    """Called before a deploy: what has no nodes would wait for them until it fails.

    Raises:
        ConfigurationError: The environment is suspended.
    """
    if record := settings.suspended:
        raise ConfigurationError(
            f"{settings.name} is suspended since {record.on}, by {record.by}",
            mend=f"modelyard resume {settings.name}",
            where=f"environments/{settings.name}.toml: {TABLE}",
        )
