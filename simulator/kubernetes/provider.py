"""The simulated provider kubernetes."""

from typing import Final

from simulator.kubernetes.clusters import cluster_at
from simulator.kubernetes.objects import KubernetesObject, Namespace, PersistentVolumeClaim
from simulator.kubernetes.service import Service
from simulator.kubernetes.workloads import Deployment, Job
from simulator.provider import Provider
from simulator.resource import CloudError, conformed
from simulator.schema import Block
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
        """Reads an object by its metadata; of one that is not there the provider says no more than that."""
        if type_name not in self.schema.response.resource_schemas:
            return super().read_data(config, type_name, wanted)
        resource = self._resource(type_name)
        id_ = resource.id(wanted)
        existing = self.scope(config).get(resource.stored_as, id_)
        if existing is None:
            block = self.schema.data_source(type_name)
            return block.empty() | {"id": id_, "metadata": [_without_object(block, wanted)]}
        return conformed(self.schema.data_source(type_name), existing)


def _without_object(block: Block, wanted: Values) -> Values:
    metadata: Values = wanted["metadata"][0]
    names = block.nested["metadata"].block.attributes
    empty: Values = {"annotations": {}, "labels": {}, "generation": 0}
    return {name: metadata[name] or empty.get(name, "") for name in names}
