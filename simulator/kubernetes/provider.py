"""The simulated provider kubernetes."""

from typing import Final

from simulator.kubernetes.clusters import cluster_at
from simulator.kubernetes.objects import KubernetesObject, Namespace, PersistentVolumeClaim
from simulator.kubernetes.service import Service
from simulator.kubernetes.workloads import Deployment, Job
from simulator.provider import Provider
from simulator.resource import CloudError, conformed
from simulator.world import Scope, Values

_KINDS: Final[dict[str, type[KubernetesObject]]] = {
    "deployment": Deployment,
    "job": Job,
    "namespace": Namespace,
    "persistent_volume_claim": PersistentVolumeClaim,
    "service": Service,
    "stateful_set": Deployment,
}


class KubernetesProvider(Provider):
    """The objects of one cluster: the one whose endpoint is the configured host."""

    name = "kubernetes"

    def _resource(self, type_name: str) -> KubernetesObject:
        if type_name == "kubernetes_manifest":
            raise CloudError(
                "kubernetes_manifest is not simulated",
                "Its plan asks a live cluster for the types of the object. A helm_release of a local chart does not.",
            )
        resource = KubernetesObject(type_name, self.schema.resource(type_name))
        special = _KINDS.get(resource.kind)
        return special(type_name, resource.block) if special else resource

    def scope(self, config: Values) -> Scope:
        """Gives the cluster behind `host`."""
        return cluster_at(config.get("host"), self.world)

    def read_data(self, config: Values, type_name: str, wanted: Values) -> Values:
        """Reads an object by its metadata."""
        if type_name not in self.schema.response.resource_schemas:
            return super().read_data(config, type_name, wanted)
        resource = self._resource(type_name)
        id_ = resource.id(wanted)
        existing = self.scope(config).get(resource.stored_as, id_)
        if existing is None:
            raise CloudError(f'{resource.plural} "{wanted["metadata"][0]["name"]}" not found')
        return conformed(self.schema.data_source(type_name), existing)
