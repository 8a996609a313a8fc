"""The keys of an environment's file for the gateway."""

from pydantic import Field

from stacks.settings import AddOnSettings


class GatewaySettings(AddOnSettings):
    """The gateway."""

    crds: bool = Field(
        True,
        description="Whether the CustomResourceDefinitions of the Gateway API come with it; false if the cluster has "
        "them already.",
        examples=[False],
    )


#: What `stacks.add_ons` looks for.
MODEL = GatewaySettings
