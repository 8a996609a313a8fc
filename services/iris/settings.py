"""The keys that environments have for iris."""

from typing import Annotated

from pydantic import Field

from stacks.setting_types import form
from stacks.settings import ServiceSettings


class IrisSettings(ServiceSettings):
    """Which model the page serves."""

    model: (
        Annotated[
            str,
            form(
                "^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$",
                "a path in the environment's artifact store, whose parts have letters, digits, dots, dashes and "
                "underscores, a letter or digit first",
            ),
        ]
        | None
    ) = Field(
        None,
        description="Path of the model in the environment's artifact store; none given means the one in the image.",
        examples=["iris/iris-model.zip"],
    )


#: What `stacks.service_settings` looks for.
MODEL = IrisSettings
