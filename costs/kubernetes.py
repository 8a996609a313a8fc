"""What objects in the cluster make the cloud charge for: load balancers and disks.

Sources: https://cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer,
https://cloud.google.com/kubernetes-engine/docs/concepts/persistent-volumes,
https://learn.microsoft.com/azure/aks/load-balancer-standard and https://learn.microsoft.com/azure/aks/azure-csi-disk-storage-provision
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from modelyard.errors import ConfigurationError
from modelyard.quantities import mebibytes

from costs.azure import PUBLIC, disk_item
from costs.charges import ByUse, Charge, Estate, Finding, NoPrice, Place, Range, Shared
from costs.resources import NotKnownError, Resource, block, blocks, known

#: The pool of forwarding rules of a project, and AKS's second load balancer.
FORWARDING = "forwarding rules"
INTERNAL = "the cluster's internal load balancer"
_INTERNAL_ON_AKS = "service.beta.kubernetes.io/azure-load-balancer-internal"
# Disks of the storage classes that the clouds bring; the empty name is the default class.
_CLASSES = {
    "google": {
        "": "pd-balanced",
        "standard-rwo": "pd-balanced",
        "premium-rwo": "pd-ssd",
        "standard": "pd-standard",
    },
    "azure": {
        "": "standard-ssd",
        "default": "standard-ssd",
        "managed-csi": "standard-ssd",
        "managed": "standard-ssd",
        "managed-csi-premium": "premium-ssd",
        "managed-premium": "premium-ssd",
    },
}
_GIBIBYTE = 1024


def service(resource: Resource, estate: Estate) -> Iterator[Finding]:
    """A Service, if it is of type LoadBalancer."""
    spec = block(resource.values, "spec")
    if known(spec, "type") == "LoadBalancer":
        annotations = block(block(resource.values, "metadata"), "annotations")
        yield from load_balancer(resource.name, blocks(spec, "port"), annotations, estate.place)


def load_balancer(
    name: str, ports: Sequence[Mapping[str, Any]], annotations: Mapping[str, Any], place: Place
) -> Iterator[Finding]:
    """What a Service of type LoadBalancer costs.

    Args:
        name: The Service's.
        ports: As Kubernetes or Terraform has them.
        annotations: The Service's.
        place: Whose cloud it is.
    """
    if place.provider == "google":
        protocols = {str(each.get("protocol") or "TCP") for each in ports}
        yield Shared(pool=FORWARDING, what=name, rules=max(len(protocols), 1))
    else:
        is_internal = str(known(annotations, _INTERNAL_ON_AKS)).lower() == "true"
        yield Shared(pool=INTERNAL if is_internal else PUBLIC, what=name, rules=max(len(ports), 1))
        if not is_internal:
            yield Charge(what=f"public address of {name}", item="address/standard", quantity=Range.exactly(1))
    yield ByUse(what="data through load balancers", item="load-balancer/data")


def claim(resource: Resource, estate: Estate) -> Iterator[Finding]:
    """A PersistentVolumeClaim."""
    yield from volume(resource.name, block(resource.values, "spec"), estate.place)


def volume(name: str, spec: Mapping[str, Any], place: Place, *, count: int = 1) -> Iterator[Finding]:
    """The disks of a claim, or of as many as a StatefulSet has pods.

    Args:
        name: The claim's.
        spec: As Kubernetes or Terraform has it.
        place: Whose cloud it is.
        count: How many.
    """
    size = known(_mapping(known(block(spec, "resources"), "requests")), "storage")
    class_ = known(spec, "storage_class_name") or known(spec, "storageClassName") or ""
    kind = _CLASSES[place.provider].get(class_)
    if size is None:
        raise NotKnownError("storage")
    if kind is None:
        yield NoPrice(what=f"volume {name}, {size}", why=f"the storage class {class_} is not known here")
        return
    try:
        gibibytes = Decimal(mebibytes(str(size))) / _GIBIBYTE
    except ConfigurationError as error:
        raise NotKnownError("storage") from error
    what = f"volume {name}, {size}, {kind}"
    if place.provider == "google":
        yield Charge(what=what, item=f"disk/{kind}", quantity=Range.exactly(gibibytes * count))
    else:
        yield Charge(what=what, item=disk_item(kind, gibibytes), quantity=Range.exactly(count))


def stateful_set(resource: Resource, estate: Estate) -> Iterator[Finding]:
    """The volumes that a StatefulSet makes for its pods."""
    spec = block(resource.values, "spec")
    replicas = known(spec, "replicas")
    for template in blocks(spec, "volume_claim_template"):
        claimed = block(template, "metadata").get("name") or resource.name
        yield from volume(
            str(claimed), block(template, "spec"), estate.place, count=1 if replicas is None else int(replicas)
        )


def ingress(resource: Resource, _: Estate) -> Iterator[Finding]:
    """An Ingress, for which a controller may make a load balancer."""
    yield NoPrice(what=f"ingress {resource.name}", why="what its controller makes is not known here")


def by_hand(resource: Resource, _: Estate) -> Iterator[Finding]:
    """A volume that stands for a disk from elsewhere."""
    yield NoPrice(what=f"volume {resource.name}", why="the disk behind it is not declared here")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


Adapter = Callable[[Resource, Estate], Iterator[Finding]]
#: By the type; every other kind of object runs on nodes that are counted already.
ADAPTERS: Mapping[str, Adapter] = {
    type_: adapter
    for name, adapter in (
        ("service", service),
        ("persistent_volume_claim", claim),
        ("stateful_set", stateful_set),
        ("ingress", ingress),
        ("persistent_volume", by_hand),
    )
    for type_ in (f"kubernetes_{name}", f"kubernetes_{name}_v1")
}
