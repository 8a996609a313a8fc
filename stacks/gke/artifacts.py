"""The artifacts on Google Cloud: a stack of its own, for they outlive clusters and services."""

from modelyard.artifact_store import KEEP_VERSIONS_DAYS, KEEP_WORKFLOWS_DAYS, WORKFLOWS_PREFIX
from modelyard.gcp.artifact_bucket import ArtifactBucketRef
from modelyard.gcp.private_bucket import PrivateBucket

from cdktf import TerraformOutput, TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from stacks.gke.registry import RegistryStack
from stacks.gke.settings import GkeSettings
from stacks.gke.state import StateStack


class ArtifactsStack(TerraformStack):
    """A bucket; `store` is the way to it."""

    def __init__(self, scope: Construct, settings: GkeSettings, *, state: StateStack, registry: RegistryStack) -> None:
        super().__init__(scope, settings.stack_id("artifacts"))
        self.add_dependency(registry)
        state.store.keep(self)
        GoogleProvider(self, "google", project=settings.project_id, region=settings.region)
        self.store = ArtifactBucketRef(project_id=settings.project_id, name=settings.artifacts_bucket)
        PrivateBucket(
            self,
            "artifacts",
            name=self.store.name,
            project_id=settings.project_id,
            location=settings.region,
            protected=settings.is_protected,
            # Whoever takes the environment down is told what is in it, and decides.
            force_destroy=False,
            keep_versions_days=KEEP_VERSIONS_DAYS,
            expire_days={WORKFLOWS_PREFIX: KEEP_WORKFLOWS_DAYS},
            labels=settings.labels,
        )
        TerraformOutput(self, "url", value=self.store.url(""), description="What the artifacts' locations begin with.")
