"""Kinds that run pods: their pods must be able to start."""

from simulator.kubernetes import pods
from simulator.kubernetes.clusters import cluster_of
from simulator.kubernetes.images import pull_failure
from simulator.kubernetes.objects import KubernetesObject
from simulator.kubernetes.scheduling import unschedulable
from simulator.resource import CloudError
from simulator.world import Scope, Values, World


class Deployment(KubernetesObject):
    """A Deployment or StatefulSet."""

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """One replica is the default."""
        return super().computed(values, scope, world) | {
            "spec.replicas": "1",
            "spec.template.spec.service_account_name": "",
            "spec.template.spec.container.image_pull_policy": "IfNotPresent",
        }

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses a selector that does not select the pods."""
        super().check(values, scope, world)
        spec = values["spec"][0]
        labels = spec["template"][0]["metadata"][0]["labels"] or {}
        for selector in spec["selector"]:
            if not (selector["match_labels"] or {}).items() <= labels.items():
                raise self.invalid(
                    values,
                    f"spec.template.metadata.labels: Invalid value: {labels}: `selector` does not match template "
                    "`labels`",
                )

    def settle(self, values: Values, scope: Scope, world: World) -> list[str]:
        """Waits for the rollout, as the provider does unless told otherwise."""
        spec = values["spec"][0]
        replicas = int(spec["replicas"] or 0)
        if values["wait_for_rollout"] is False or not replicas:
            return []
        reason = pod_failure(values, spec["template"][0], replicas, scope, world)
        if reason:
            raise CloudError(
                f"Waiting for rollout to finish: {replicas} replicas wanted; 0 replicas Ready",
                f"{self.plural} {values['id']}: {reason}",
            )
        return unchecked(values["id"], spec["template"][0]["spec"][0], scope, world)


class Job(KubernetesObject):
    """A Job."""

    def settle(self, values: Values, scope: Scope, world: World) -> list[str]:
        """Waits for completion, as the provider does unless told otherwise."""
        if values["wait_for_completion"] is False:
            return []
        template = values["spec"][0]["template"][0]
        reason = pod_failure(values, template, 1, scope, world)
        if reason:
            raise CloudError(f"job: {values['id']} is not in complete state", reason)
        return unchecked(values["id"], template["spec"][0], scope, world)


def pod_failure(values: Values, template: Values, replicas: int, scope: Scope, world: World) -> str | None:
    """Gives why the pods of the template do not start, as `kubectl describe pod` would; None if they start."""
    pod_spec = template["spec"][0]
    namespace = values["metadata"][0]["namespace"]
    cluster = cluster_of(scope, world)
    images = [container["image"] for container in [*pod_spec["init_container"], *pod_spec["container"]]]
    return (
        unschedulable(pod_spec, replicas, values["id"], scope, cluster)
        or next((failure for image in images if (failure := pull_failure(image, cluster, world))), None)
        or pods.missing_reference(pod_spec, namespace, scope)
    )


def unchecked(id_: str, pod_spec: Values, scope: Scope, world: World) -> list[str]:
    """Gives warnings of what the simulated world can't know."""
    cluster = cluster_of(scope, world)
    foreign = sorted({one["image"] for one in pod_spec["container"] if not cluster.knows_registry(one["image"])})
    unknown = sorted({pool.machine_type for pool in cluster.pools() if pool.capacity is None})
    warnings = []
    if foreign:
        warnings.append(f"{id_}: not checked in the simulated world: can {', '.join(foreign)} be pulled?")
    if unknown:
        warnings.append(f"{id_}: not checked in the simulated world: do its pods fit {', '.join(unknown)}?")
    return warnings
