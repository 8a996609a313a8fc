"""Kubernetes objects of any kind."""

import re
from typing import Final

from simulator.kubernetes.clusters import cluster_of
from simulator.resource import CloudError, Resource, digest, stable_uuid
from simulator.values import UNKNOWN
from simulator.world import Scope, Values, World

# Plurals with the API group, as the API server names them in errors; others are the kind with an s.
_PLURALS: Final = {
    "cron_job": "cronjobs.batch",
    "daemonset": "daemonsets.apps",
    "deployment": "deployments.apps",
    "horizontal_pod_autoscaler": "horizontalpodautoscalers.autoscaling",
    "ingress": "ingresses.networking.k8s.io",
    "job": "jobs.batch",
    "network_policy": "networkpolicies.networking.k8s.io",
    "pod_disruption_budget": "poddisruptionbudgets.policy",
    "role": "roles.rbac.authorization.k8s.io",
    "role_binding": "rolebindings.rbac.authorization.k8s.io",
    "cluster_role": "clusterroles.rbac.authorization.k8s.io",
    "cluster_role_binding": "clusterrolebindings.rbac.authorization.k8s.io",
    "stateful_set": "statefulsets.apps",
}
_NAMES: Final = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
# Every cluster has these.
_OWN_NAMESPACES: Final = ("default", "kube-system", "kube-public", "kube-node-lease")


class KubernetesObject(Resource):
    """An object, in a namespace or not."""

    @property
    def kind(self) -> str:
        """Gives the kind in the words of the provider: `stateful_set` of kubernetes_stateful_set_v1."""
        return re.sub(r"_v\d\w*$", "", self.type_name.removeprefix("kubernetes_"))

    @property
    def stored_as(self) -> str:
        """The types of one kind (kubernetes_service, kubernetes_service_v1) are the same objects."""
        return self.kind

    def id(self, values: Values) -> str:
        """Gives NAMESPACE/NAME, or NAME for what is in no namespace."""
        metadata = values["metadata"][0]
        name = metadata["name"]
        if name in (None, UNKNOWN):
            name = f"{metadata['generate_name']}{digest(self.type_name, str(values))[:5]}"
        namespace = metadata.get("namespace")
        return f"{namespace}/{name}" if namespace else str(name)

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives the metadata that the API server sets."""
        id_ = self.id(values)
        return {
            "metadata.name": id_.rsplit("/", maxsplit=1)[-1],
            "metadata.uid": stable_uuid(scope.folder.name, self.kind, id_),
            "metadata.resource_version": "1",
            "metadata.generation": 1,
        }

    def already_exists(self, values: Values) -> CloudError:
        """Gives the API server's 409."""
        return CloudError(f'{self.plural} "{values["metadata"][0]["name"]}" already exists')

    @property
    def plural(self) -> str:
        """Gives the name of the kind in the API: `deployments.apps`."""
        return _PLURALS.get(self.kind, f"{self.kind.replace('_', '')}s")

    def invalid(self, values: Values, reason: str) -> CloudError:
        """Gives the API server's 422."""
        name = values["metadata"][0]["name"]
        _, dot, group = self.plural.partition(".")
        kind = "".join(word.capitalize() for word in self.kind.split("_"))
        return CloudError(f'{kind}{dot}{group} "{name}" is invalid: {reason}')

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses names that Kubernetes does not allow, and an object whose namespace is missing."""
        metadata = values["metadata"][0]
        if not _NAMES.fullmatch(metadata["name"]):
            raise self.invalid(
                values,
                f'metadata.name: Invalid value: "{metadata["name"]}": a lowercase RFC 1123 subdomain must consist of '
                "lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
            )
        namespace = metadata.get("namespace")
        if namespace and not namespace_exists(scope, namespace):
            raise CloudError(f'namespaces "{namespace}" not found')

    def touch(self, values: Values, scope: Scope, world: World) -> None:
        """Counts the update."""
        metadata = values["metadata"][0]
        metadata["resource_version"] = str(int(metadata["resource_version"] or 0) + 1)
        metadata["generation"] = (metadata["generation"] or 0) + 1


class PersistentVolumeClaim(KubernetesObject):
    """A claim; it is bound at once."""

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives the cluster's default class and a volume."""
        computed = super().computed(values, scope, world)
        volume = f"pvc-{computed['metadata.uid']}"
        return computed | {
            "spec.storage_class_name": cluster_of(scope, world).storage_class,
            "spec.volume_name": volume,
        }


class Namespace(KubernetesObject):
    """A namespace; what is in it goes with it."""

    def delete(self, values: Values, scope: Scope, world: World) -> None:
        """Removes the namespace with all its objects."""
        super().delete(values, scope, world)
        for kind in scope.types():
            for key in scope.keys(kind):
                if key.startswith(f"{values['id']}/"):
                    scope.delete(kind, key)


def namespace_exists(scope: Scope, name: str) -> bool:
    """Says whether objects can be in the namespace."""
    return name in _OWN_NAMESPACES or scope.get("namespace", name) is not None
