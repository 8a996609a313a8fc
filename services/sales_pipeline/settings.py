"""The keys of an environment's file for this service."""

from typing import Annotated

from pydantic import Field

from stacks.setting_types import form
from stacks.settings import ServiceSettings

_FIELD = r"[0-9*/,-]+"


class SalesPipelineSettings(ServiceSettings):
    """When the pipeline runs."""

    schedule: Annotated[str, form(f"^{_FIELD}( {_FIELD}){{4}}$", "cron's five fields, numbers only")] | None = Field(
        None, description="When it runs by itself, in cron's five fields, in UTC.", examples=["0 3 * * 1"]
    )


#: What `stacks.service_settings` looks for.
MODEL = SalesPipelineSettings
