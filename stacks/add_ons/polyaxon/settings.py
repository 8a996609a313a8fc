"""The keys of an environment's file for Polyaxon."""

from pydantic import Field

from stacks.settings import AddOnSettings


class PolyaxonSettings(AddOnSettings):
    """Polyaxon's community edition."""

    secrets_revision: int = Field(
        1,
        ge=1,
        le=1_000_000,
        description="Which secrets these are; count it up to have new ones made.",
        examples=[2],
    )


#: What `stacks.add_ons` looks for.
MODEL = PolyaxonSettings
