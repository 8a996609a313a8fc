"""The image registry on Google Cloud: a stack of its own, for images are pushed before any service is deployed."""

from modelyard.gcp.image_registry import ArtifactRegistryRef, ImageRegistry

from cdktf import TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from stacks.gke.settings import GkeSettings
from stacks.gke.state import StateStack


class RegistryStack(TerraformStack):
    """An Artifact Registry repository; `ref` is the way to it."""

    def __init__(self, scope: Construct, settings: GkeSettings, *, state: StateStack) -> None:
        super().__init__(scope, settings.stack_id("registry"))
        self.add_dependency(state)
        state.store.keep(self)
        GoogleProvider(self, "google", project=settings.project_id, region=settings.region)
        self.ref = ArtifactRegistryRef(project_id=settings.project_id, region=settings.region, name=settings.name)
        ImageRegistry(self, "registry", ref=self.ref, labels=settings.labels)
