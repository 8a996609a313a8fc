"""APIs of a project (google_project_service)."""

from simulator.google.resource import GoogleResource
from simulator.resource import CloudError
from simulator.world import Scope, Values, World


class ProjectService(GoogleResource):
    """An enabled API."""

    id_template = "{project}/{service}"

    def already_exists(self, values: Values) -> CloudError | None:
        """Enabling an enabled API is no error."""
        return None

    def delete(self, values: Values, scope: Scope, world: World) -> None:
        """Disables the API, unless it is to stay enabled."""
        if values["disable_on_destroy"] is not False:
            super().delete(values, scope, world)


RESOURCES = {"google_project_service": ProjectService}
