"""Workload identity pools for tokens from outside of Google, and the providers of these tokens."""

from typing import Final

from simulator.google.resource import GoogleResource, project_number
from simulator.resource import CloudError
from simulator.world import Scope, Values, World

POOL: Final = "google_iam_workload_identity_pool"


class _Federation(GoogleResource):
    """What was deleted keeps its id for 30 days, in which it can be brought back, but not made again.

    Source: https://cloud.google.com/iam/docs/manage-workload-identity-pools-providers#delete-pool
    """

    api = "iam.googleapis.com"

    @property
    def _deleted(self) -> str:
        return f"deleted_{self.type_name}"

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives its name, which has the project's number."""
        name = self.id(values | {"project": project_number(values["project"])})
        return {"name": name, "state": "ACTIVE"}

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses the id of what was deleted a short time ago."""
        super().check(values, scope, world)
        if scope.get(self._deleted, values["id"]) is not None:
            raise self.already_exists(values)

    def already_exists(self, values: Values) -> CloudError:
        """Gives Google's 409, which names nothing."""
        return self.failed("googleapi: Error 409: Requested entity already exists")

    def delete(self, values: Values, scope: Scope, world: World) -> None:
        """Removes it, but not its id."""
        super().delete(values, scope, world)
        scope.put(self._deleted, values["id"], {"id": values["id"], "stays": True})


class Pool(_Federation):
    """A pool of identities."""

    id_template = "projects/{project}/locations/global/workloadIdentityPools/{workload_identity_pool_id}"
    create_error = "Error creating WorkloadIdentityPool"


class PoolProvider(_Federation):
    """Whose tokens a pool takes."""

    id_template = f"{Pool.id_template}/providers/{{workload_identity_pool_provider_id}}"
    create_error = "Error creating WorkloadIdentityPoolProvider"

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses a provider without its pool."""
        super().check(values, scope, world)
        if scope.get(POOL, Pool.id_template.format_map(values)) is None:
            raise self.failed("googleapi: Error 404: Requested entity was not found.")


RESOURCES = {POOL: Pool, "google_iam_workload_identity_pool_provider": PoolProvider}
