"""The first stack: the bucket that keeps the state of all the others."""

from dataclasses import dataclass

from modelyard.gcp.state_bucket import StateBucket

from cdktf import GcsBackend, LocalBackend, TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from stacks.settings import Settings


@dataclass(frozen=True)
class StateStore:
    """The way from other stacks to the state bucket.

    Attributes:
        bucket: Its name.
    """

    bucket: str

    def keep(self, stack: TerraformStack) -> None:
        """Keeps the stack's state in the bucket, under a prefix of its own."""
        GcsBackend(stack, bucket=self.bucket, prefix=stack.node.id)


class StateStack(TerraformStack):
    """The state bucket.

    Its own state starts in a local file, since the bucket does not exist yet, and moves into the bucket with
    `modelyard state move ENV --to bucket`, which records that as `state.own_state = "bucket"`.
    """

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, settings.stack_id("state"))
        self.store = StateStore(settings.state_bucket)
        if settings.state.own_state == "bucket":
            self.store.keep(self)
        else:
            # Seen from the stack's folder cdktf.out/stacks/<id>, which may be deleted at any time: the repo's root.
            LocalBackend(self, path=f"../../../terraform.{self.node.id}.tfstate")
        GoogleProvider(self, "google", project=settings.project_id, region=settings.region)
        StateBucket(
            self,
            "state",
            name=self.store.bucket,
            project_id=settings.project_id,
            location=settings.state.location,
            protected=settings.is_protected,
            keep_versions_days=settings.state.keep_versions_days,
            labels=settings.labels,
        )
