"""Artifact Registry."""

from simulator.google.resource import GoogleResource
from simulator.resource import CloudError
from simulator.world import Scope, Values, World


class Repository(GoogleResource):
    """A repository of images."""

    id_template = "projects/{project}/locations/{location}/repositories/{repository_id}"
    api = "artifactregistry.googleapis.com"
    create_error = "Error creating Repository"

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives its name and the address of its images."""
        host = f"{values['location']}-{str(values['format']).lower()}.pkg.dev"
        return super().computed(values, scope, world) | {
            "name": values["repository_id"],
            "registry_uri": f"{host}/{values['project']}/{values['repository_id']}",
        }

    def already_exists(self, values: Values) -> CloudError:
        """Gives Google's 409 for a repository."""
        return self.failed("googleapi: Error 409: the repository already exists.")


RESOURCES = {"google_artifact_registry_repository": Repository}
