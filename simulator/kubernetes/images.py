"""Whether nodes can pull an image."""

import re
from typing import Final

from simulator.google.iam import members_with_role
from simulator.world import Scope, Values, World

_ARTIFACT_REGISTRY: Final = re.compile(
    r"(?P<location>[a-z0-9-]+)-docker\.pkg\.dev/(?P<project>[^/]+)/(?P<name>[^/]+)/.+"
)
# Roles that hold artifactregistry.repositories.downloadArtifacts, the smallest first.
_READER_ROLES: Final = [
    "roles/artifactregistry.reader",
    "roles/artifactregistry.writer",
    "roles/artifactregistry.repoAdmin",
    "roles/artifactregistry.admin",
    "roles/viewer",
    "roles/editor",
    "roles/owner",
]


def is_known_registry(image: str) -> bool:
    """Says whether the world knows what is in the image's registry."""
    return _ARTIFACT_REGISTRY.fullmatch(image) is not None


def pull_failure(image: str, node_configs: list[Values], world: World) -> str | None:
    """Gives why nodes can't pull the image, None if they can."""
    match = _ARTIFACT_REGISTRY.fullmatch(image)
    if not match:
        return None
    project = match["project"]
    repository = f"projects/{project}/locations/{match['location']}/repositories/{match['name']}"
    if world.google.get("google_artifact_registry_repository", repository) is None:
        return _failure(image, f'name unknown: Repository "{match["name"]}" not found')
    for account in sorted({config.get("service_account") or "default" for config in node_configs}):
        if account != "default" and not _may_read(account, repository, project, world.google):
            return _failure(image, f"403 Forbidden: {account} lacks {_READER_ROLES[0]} on {repository}")
    if image not in world.built_images():
        return _failure(image, "not found: no image of this name and tag was built and pushed")
    return None


def _may_read(account: str, repository: str, project: str, google: Scope) -> bool:
    member = f"serviceAccount:{account}"
    places = [("google_artifact_registry_repository_iam_member", repository), ("google_project_iam_member", project)]
    return any(member in members_with_role(google, *place, role) for place in places for role in _READER_ROLES)


def _failure(image: str, reason: str) -> str:
    return f'ImagePullBackOff: Failed to pull image "{image}": failed to resolve reference "{image}": {reason}'
