"""The image registry: a stack of its own, so that images can be pushed before any service is deployed."""

from modelyard.gcp.image_registry import ImageRegistry, ImageRegistryRef

from cdktf import TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from stacks.settings import Settings
from stacks.state import StateStack


class RegistryStack(TerraformStack):
    """An Artifact Registry repository; `ref` is the way to it."""

    def __init__(self, scope: Construct, settings: Settings, *, state: StateStack) -> None:
        super().__init__(scope, settings.stack_id("registry"))
        self.add_dependency(state)
        state.store.keep(self)
        GoogleProvider(self, "google", project=settings.project_id, region=settings.region)
        self.ref = ImageRegistryRef(project_id=settings.project_id, region=settings.region, name=settings.name)
        ImageRegistry(self, "registry", ref=self.ref, labels=settings.labels)
