"""The simulated provider kubernetes."""

from typing import Final
from urllib.parse import urlsplit

from simulator.kubernetes.objects import KubernetesObject, Namespace, PersistentVolumeClaim
from simulator.kubernetes.service import Service
from simulator.kubernetes.workloads import Deployment, Job
from simulator.provider import Provider
from simulator.resource import CloudError, conformed
from simulator.values import Unknown
from simulator.world import Scope, Values, World

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


def cluster_at(host: str | Unknown | None, world: World) -> Scope:
    """Gives the Kubernetes world behind the host; raises the error of one that does not answer."""
    if not isinstance(host, str) or not host:
        raise CloudError('Get "http://localhost/api": dial tcp [::1]:80: connect: connection refused')
    name = urlsplit(host if "//" in host else f"https://{host}").hostname or host
    clusters = world.google.all("google_container_cluster").values()
    if not any(cluster["endpoint"] == name for cluster in clusters):
        is_address = name.replace(".", "").isdigit()
        reason = f"tcp {name}:443: i/o timeout" if is_address else f"tcp: lookup {name}: no such host"
        raise CloudError(f'Get "https://{name}/api": dial {reason}')
    return world.cluster(name)
