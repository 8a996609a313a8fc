"""The keys of an environment's file for monitoring."""

from pydantic import Field

from stacks.settings import AddOnSettings


class MonitoringSettings(AddOnSettings):
    """Prometheus and Grafana."""

    secrets_revision: int = Field(
        1,
        ge=1,
        le=1_000_000,
        description="Which password Grafana's admin has; count it up to have a new one made.",
        examples=[2],
    )


#: What `stacks.add_ons` looks for.
MODEL = MonitoringSettings
