"""The bucket of an environment's artifacts, and the way of pods to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from modelyard.artifact_store import AccessMode, ArtifactAccess, ArtifactStore
from modelyard.egress import Egress
from modelyard.service_scope import ServiceScope

from cdktf_cdktf_provider_google.data_google_project import DataGoogleProject
from cdktf_cdktf_provider_google.storage_bucket_iam_member import StorageBucketIamMember
from constructs import Construct

_ROLES: Final[Mapping[AccessMode, str]] = {"read": "roles/storage.objectViewer", "write": "roles/storage.objectUser"}
# The metadata server of GKE, which exchanges tokens: with Dataplane V2, policies see the address that pods ask
# (https://cloud.google.com/kubernetes-engine/docs/how-to/network-policy#network-policy-and-workload-identity).
_METADATA_SERVER = Egress(network="169.254.169.254/32", ports=(80,))


@dataclass(frozen=True, kw_only=True)
class ArtifactBucketRef(ArtifactStore):
    """A bucket by its names.

    Attributes:
        project_id: The project that owns it and the cluster.
        name: The bucket's.
    """

    project_id: str
    name: str

    def url(self, path: str) -> str:
        """As gcloud and fsspec have it."""
        return f"gs://{self.name}/{path}"

    def grant(
        self, scope: ServiceScope, id_: str, *, namespace: str, service_account: str, mode: AccessMode
    ) -> ArtifactAccess:
        """Names the Kubernetes service account itself in the bucket's policy; no Google service account stands between.

        Source: https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
        """
        grant = Construct(scope, id_)
        # Principals have the project's number, which no setting tells.
        project = DataGoogleProject(grant, "project", project_id=self.project_id)
        pool = (
            f"//iam.googleapis.com/projects/{project.number}/locations/global/workloadIdentityPools/"
            f"{self.project_id}.svc.id.goog"
        )
        role = StorageBucketIamMember(
            grant,
            "role",
            bucket=self.name,
            role=_ROLES[mode],
            member=f"principal:{pool}/subject/ns/{namespace}/sa/{service_account}",
        )
        return ArtifactAccess(egress=(Egress.internet(443), _METADATA_SERVER), grants=(role,))
