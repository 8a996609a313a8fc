"""What all google resource types have in common: ids, self links, APIs that must be enabled, googleapi errors."""

import re
import string
from typing import Final

from simulator.resource import CloudError, Resource, digest, stable_number
from simulator.world import Scope, Values, World

# APIs that Google enables together with another one.
_ENABLED_WITH: Final = {
    "compute.googleapis.com": ["container.googleapis.com"],
    "iam.googleapis.com": ["container.googleapis.com", "compute.googleapis.com"],
}


class GoogleResource(Resource):
    """A google resource type; subclasses name its id and API, and check what Google checks."""

    # As in the provider's documentation, e.g. "projects/{project}/global/networks/{name}".
    id_template: str = ""
    # The API that must be enabled, e.g. "compute.googleapis.com"; Cloud Storage and others need nothing.
    api: str = ""
    # How the provider begins the error of a failed create.
    create_error: str = ""

    def id(self, values: Values) -> str:
        """Gives the id by the template, or from what usually names a resource."""
        return (self.id_template or self._guessed_template(values)).format_map(values)

    def _guessed_template(self, values: Values) -> str:
        known = [name for name, value in values.items() if isinstance(value, str) and name in self.block.attributes]
        places = [f"{kind}s/{{{kind}}}" for kind in ("project", "location", "region", "zone") if kind in known]
        required = [name for name in known if not self.block.attributes[name].optional]
        names = [f"{{{name}}}" for name in (["name"] if "name" in known else required)]
        return "/".join([*places, self.type_name.removeprefix("google_"), *names])

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives the self link and the like."""
        id_ = self.id(values)
        return {
            "self_link": f"https://www.googleapis.com/{self.api.partition('.')[0]}/v1/{id_}",
            "etag": digest(id_, "etag")[:12],
        }

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses what needs an API that is not enabled."""
        project = values.get("project")
        if self.api and project:
            self._check_api(project, scope)

    def _check_api(self, project: str, scope: Scope) -> None:
        enabling = [self.api, *_ENABLED_WITH.get(self.api, [])]
        if any(scope.get("google_project_service", f"{project}/{api}") for api in enabling):
            return
        raise self.failed(
            f"googleapi: Error 403: {self.api} has not been used in project {project_number(project)} before or it is "
            f"disabled. Enable it by visiting https://console.developers.google.com/apis/api/{self.api}/overview"
            f"?project={project} then retry. If you enabled this API recently, wait a few minutes for the action to "
            "propagate to our systems and retry., SERVICE_DISABLED"
        )

    def already_exists(self, values: Values) -> CloudError | None:
        """Gives Google's 409."""
        return self.failed(f"googleapi: Error 409: The resource '{values['id']}' already exists, alreadyExists")

    def failed(self, message: str) -> CloudError:
        """Gives the provider's error for a failed create."""
        return CloudError(f"{self.create_error}: {message}" if self.create_error else message)

    def not_found(self, id_: str) -> CloudError:
        """Gives Google's 404 for something this resource refers to."""
        return self.failed(f"googleapi: Error 404: The resource '{id_}' was not found, notFound")

    def find(self, import_id: str, scope: Scope) -> Values | None:
        """Finds by the whole id or by its last names: `PROJECT/LOCATION/NAME`, `LOCATION/NAME`, `NAME`."""
        exact = scope.get(self.type_name, import_id)
        if exact or not self.id_template:
            return exact
        fields = [name for _, name, _, _ in string.Formatter().parse(self.id_template) if name]
        for values in scope.all(self.type_name).values():
            if f"/{'/'.join(values[name] for name in fields)}".endswith(f"/{import_id}"):
                return values
        return None


def project_number(project: str) -> str:
    """Gives the number of a project."""
    return str(stable_number("project", project))


def resource_path(reference: str) -> str:
    """Gives `projects/…` of a reference that may be a self link."""
    return re.sub(r"^https://[^/]+/(?:[a-z]+/)?v\d\w*/", "", reference)


def short_name(reference: str) -> str:
    """Gives the last part of a reference that may be a self link, an id or just a name."""
    return reference.rsplit("/", 1)[-1]
