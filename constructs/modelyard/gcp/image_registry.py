"""The Artifact Registry repository that keeps an environment's images."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelyard.gcp.project_services import enable_services
from modelyard.image_registry_ref import ImageRegistryRef
from modelyard.names import dns_label

from cdktf_cdktf_provider_google import artifact_registry_repository as artifact_registry
from cdktf_cdktf_provider_google.artifact_registry_repository_iam_member import ArtifactRegistryRepositoryIamMember
from constructs import Construct

_DAY_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, kw_only=True)
class ArtifactRegistryRef(ImageRegistryRef):
    """An Artifact Registry repository by its names.

    Attributes:
        project_id: The project that owns it.
        region: Where it is.
        name: The repository's id.
    """

    project_id: str
    region: str
    name: str

    def repository(self, image: str) -> str:
        """Where the image of this name is pushed and pulled, without tag."""
        return f"{self.region}-docker.pkg.dev/{self.project_id}/{self.name}/{image}"

    def grant_pull(self, scope: Construct, id_: str, *, member: str) -> ArtifactRegistryRepositoryIamMember:
        """Lets `member`, for example `serviceAccount:nodes@…`, pull every image."""
        return self._grant(scope, id_, role="roles/artifactregistry.reader", member=member)

    def grant_push(self, scope: Construct, id_: str, *, member: str) -> ArtifactRegistryRepositoryIamMember:
        """Lets `member` push images, and pull them; tags that are there never move, and nothing is deleted."""
        return self._grant(scope, id_, role="roles/artifactregistry.writer", member=member)

    def grant_administration(self, scope: Construct, id_: str, *, member: str) -> ArtifactRegistryRepositoryIamMember:
        """Lets `member` change the repository, and say who pulls and pushes."""
        return self._grant(scope, id_, role="roles/artifactregistry.admin", member=member)

    def _grant(self, scope: Construct, id_: str, *, role: str, member: str) -> ArtifactRegistryRepositoryIamMember:
        return ArtifactRegistryRepositoryIamMember(
            scope,
            id_,
            project=self.project_id,
            location=self.region,
            repository=self.name,
            role=role,
            member=member,
        )


class ImageRegistry(Construct):
    """A Docker repository whose untagged images expire after a week.

    Args:
        scope: The stack.
        id_: The construct's id.
        ref: Project, region and name.
        labels: For billing and clean-up.
    """

    def __init__(self, scope: Construct, id_: str, *, ref: ArtifactRegistryRef, labels: Mapping[str, str]) -> None:
        super().__init__(scope, id_)
        apis = enable_services(self, project_id=ref.project_id, services=["artifactregistry.googleapis.com"])
        self.repository = artifact_registry.ArtifactRegistryRepository(
            self,
            "repository",
            project=ref.project_id,
            location=ref.region,
            repository_id=dns_label(ref.name, what="the image registry's name"),
            format="DOCKER",
            description="Images of the services, tagged with the hash of what they are built from.",
            # A tag is the hash of the content: it never moves.
            docker_config=artifact_registry.ArtifactRegistryRepositoryDockerConfig(immutable_tags=True),
            cleanup_policies=[
                artifact_registry.ArtifactRegistryRepositoryCleanupPolicies(
                    id="untagged",
                    action="DELETE",
                    condition=artifact_registry.ArtifactRegistryRepositoryCleanupPoliciesCondition(
                        tag_state="UNTAGGED", older_than=f"{7 * _DAY_SECONDS}s"
                    ),
                )
            ],
            labels=dict(labels),
            depends_on=apis,
        )
