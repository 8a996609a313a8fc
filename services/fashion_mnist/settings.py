"""The keys that environments have for this service."""

from pydantic import Field

from stacks.setting_types import ArtifactPath
from stacks.settings import ServiceSettings


class FashionMnistSettings(ServiceSettings):
    """Which model is served."""

    model: ArtifactPath | None = Field(
        None,
        description="Folder of the model in the environment's artifact store, as `serve` names it; none given means "
        "the one that comes with the service.",
        examples=["models/fashion-mnist/shirts/0123456789ab"],
    )


#: What `stacks.service_settings` looks for.
MODEL = FashionMnistSettings
