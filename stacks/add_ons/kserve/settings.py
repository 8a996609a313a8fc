"""The keys of an environment's file for KServe."""

from pydantic import Field

from stacks.settings import AddOnSettings


class KserveSettings(AddOnSettings):
    """KServe."""

    cert_manager: bool = Field(
        True,
        description="Whether cert-manager, which makes the certificate of KServe's webhooks, comes with it; false if "
        "the cluster has it already.",
        examples=[False],
    )


#: What `stacks.add_ons` looks for.
MODEL = KserveSettings
