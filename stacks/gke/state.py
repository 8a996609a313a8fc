"""The first stack on Google Cloud: the bucket that keeps the state of all the others."""

from dataclasses import dataclass

from modelyard.gcp.private_bucket import PrivateBucket

from cdktf import GcsBackend, TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from stacks.gke.settings import GkeSettings
from stacks.state_store import StateStore


@dataclass(frozen=True)
class BucketStore(StateStore):
    """A bucket with a prefix for each stack.

    Attributes:
        bucket: Its name.
    """

    bucket: str
    backend = "gcs"

    def arguments(self, stack_id: str) -> dict[str, str | bool]:
        """Terraform's arguments of the backend `gcs`."""
        return {"bucket": self.bucket, "prefix": stack_id}

    def url(self, stack_id: str) -> str:
        """Where `gcloud storage` finds it."""
        return f"gs://{self.bucket}/{stack_id}"

    def keep(self, stack: TerraformStack) -> None:
        """Keeps the stack's state in the bucket."""
        GcsBackend(stack, bucket=self.bucket, prefix=stack.node.id)


def state_store(settings: GkeSettings) -> BucketStore:
    """The bucket of an environment."""
    return BucketStore(settings.state_bucket)


class StateStack(TerraformStack):
    """The state bucket; `store` is the way to it."""

    def __init__(self, scope: Construct, settings: GkeSettings) -> None:
        super().__init__(scope, settings.stack_id("state"))
        self.store = state_store(settings)
        self.store.keep_own(self, settings.state)
        GoogleProvider(self, "google", project=settings.project_id, region=settings.region)
        PrivateBucket(
            self,
            "state",
            name=self.store.bucket,
            project_id=settings.project_id,
            location=settings.state.location,
            protected=settings.is_protected,
            # States of what is gone are worth nothing.
            force_destroy=not settings.is_protected,
            keep_versions_days=settings.state.keep_versions_days,
            labels=settings.labels,
        )
