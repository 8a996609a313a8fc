"""The simulated provider helm: releases are recorded, charts are not rendered."""

from simulator.kubernetes.clusters import cluster_at
from simulator.kubernetes.objects import namespace_exists
from simulator.provider import Provider
from simulator.resource import CloudError, Resource
from simulator.world import Scope, Values, World


class Release(Resource):
    """A release in a namespace."""

    def id(self, values: Values) -> str:
        """Gives the release's name, as the provider does."""
        return str(values["name"])

    def key(self, values: Values) -> str:
        """A name may be used again in another namespace."""
        return f"{values['namespace']}/{values['name']}"

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives what Helm tells of a release."""
        version = values["version"] if isinstance(values["version"], str) else "0.1.0"
        return {
            "status": "deployed",
            "version": version,
            "metadata": {
                "name": values["name"],
                "namespace": values["namespace"],
                "chart": str(values["chart"]).rstrip("/").rpartition("/")[2],
                "version": version,
                "app_version": "",
                "revision": 1,
                "values": "{}",
                "notes": "",
            },
        }

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses a namespace that is missing, or makes it when told to."""
        namespace = values["namespace"]
        if namespace_exists(scope, namespace):
            return
        if not values["create_namespace"]:
            raise CloudError("installation failed", f'create: failed to create: namespaces "{namespace}" not found')
        scope.put("namespace", namespace, {"id": namespace, "metadata": [{"name": namespace}]})

    def already_exists(self, values: Values) -> CloudError:
        """Gives Helm's error for a name in use."""
        return CloudError("installation failed", "cannot re-use a name that is still in use")


class HelmProvider(Provider):
    """Releases in the cluster of the provider's `kubernetes` argument."""

    name = "helm"

    def _resource(self, type_name: str) -> Release:
        return Release(type_name, self.schema.resource(type_name))

    def scope(self, config: Values) -> Scope:
        """Gives the cluster behind `kubernetes.host`."""
        return cluster_at((config.get("kubernetes") or {}).get("host"), self.world)
