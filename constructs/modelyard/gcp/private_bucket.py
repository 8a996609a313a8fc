"""A bucket for what must not be lost: Terraform's states, models, artifacts."""

from collections.abc import Mapping

from modelyard.gcp.project_services import enable_services
from modelyard.names import dns_label

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_google import storage_bucket as gcs
from constructs import Construct


class PrivateBucket(Construct):
    """A versioned, private Cloud Storage bucket.

    Args:
        scope: The stack.
        id_: The construct's id.
        name: Globally unique, 3 to 63 characters.
        project_id: The project that owns it.
        location: Region or multi-region, for example `US`.
        protected: Whether Terraform refuses to destroy it.
        force_destroy: Whether a destroy takes along what it holds; else it fails while that is anything.
        keep_versions_days: How long replaced or deleted objects can be brought back, in days.
        labels: For billing and clean-up.
        expire_days: After how many days objects are deleted, by the prefix of their names.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        project_id: str,
        location: str,
        protected: bool,
        force_destroy: bool,
        keep_versions_days: int,
        labels: Mapping[str, str],
        expire_days: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(scope, id_)
        storage = enable_services(self, project_id=project_id, services=["storage.googleapis.com"])
        self.bucket = gcs.StorageBucket(
            self,
            "bucket",
            name=dns_label(name, what="the bucket's name"),
            project=project_id,
            location=location,
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            versioning=gcs.StorageBucketVersioning(enabled=True),
            # Versioning already keeps what was deleted; soft delete would bill the same bytes again.
            soft_delete_policy=gcs.StorageBucketSoftDeletePolicy(retention_duration_seconds=0),
            lifecycle_rule=[
                gcs.StorageBucketLifecycleRule(
                    action=gcs.StorageBucketLifecycleRuleAction(type="Delete"),
                    condition=gcs.StorageBucketLifecycleRuleCondition(
                        days_since_noncurrent_time=keep_versions_days, with_state="ARCHIVED"
                    ),
                ),
                *(
                    gcs.StorageBucketLifecycleRule(
                        action=gcs.StorageBucketLifecycleRuleAction(type="Delete"),
                        condition=gcs.StorageBucketLifecycleRuleCondition(
                            age=days, matches_prefix=[prefix], with_state="LIVE"
                        ),
                    )
                    for prefix, days in (expire_days or {}).items()
                ),
            ],
            force_destroy=force_destroy,
            labels=dict(labels),
            lifecycle=TerraformResourceLifecycle(prevent_destroy=protected),
            depends_on=storage,
        )
