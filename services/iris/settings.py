"""The keys that environments have for iris."""

from pydantic import Field

from stacks.setting_types import ArtifactPath
from stacks.settings import ServiceSettings


class IrisSettings(ServiceSettings):
    """Which model the page serves, and whether there is a notebook server."""

    model: ArtifactPath | None = Field(
        None,
        description="Path of the model in the environment's artifact store; none given means the one in the image.",
        examples=["iris/iris-model.zip"],
    )
    notebook: bool = Field(
        True,
        description="Whether there is a notebook server; false removes it with its volume, and what is saved there.",
        examples=[True],
    )
    notebook_password_revision: int = Field(
        1,
        ge=1,
        le=1_000_000,
        description="Which password the notebook server has: counted up, it gets another one.",
        examples=[1],
    )


#: What `stacks.service_settings` looks for.
MODEL = IrisSettings
