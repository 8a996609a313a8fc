"""The keys of an environment's file for this service."""

from pydantic import Field

from stacks.setting_types import Schedule
from stacks.settings import ServiceSettings


class SalesPipelineSettings(ServiceSettings):
    """When the pipeline runs."""

    schedule: Schedule | None = Field(
        None, description="When it runs by itself, in cron's five fields, in UTC.", examples=["0 3 * * 1"]
    )


#: What `stacks.service_settings` looks for.
MODEL = SalesPipelineSettings
