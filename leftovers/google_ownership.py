"""What on Google Cloud is provably an environment's.

GKE labels nodes, their disks and volumes with cluster and location. What makes up a load balancer has no labels. There
a proof is a chain: a firewall rule in the environment's own network whose target is the cluster's nodes proves the
load balancer whose name it carries; an endpoint group in that network proves the backend service before it, and that
its URL map. Each link of a chain is deleted before what proves it, so that an interrupted sweep finds it again.

Sources: docs/leftovers.md.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from leftovers import google_kinds as kinds
from leftovers.google_kinds import Kind, Resource, Thing

#: The secondary ranges of the subnetwork that `modelyard.gcp.network` makes.
_RANGES: Final = {"pods", "services"}
_SERVICE: Final = "kubernetes.io/service-name"
# `k8s2-tcp-1a2b3c4d-namespace-name-5e6f7g8h`: the eight characters stand for the cluster.
_OF_CLUSTER: Final = re.compile(r"k8s[123]-(?:(?:tcp|udp|l3|fr|fs|tp|ts|um|cr)-)?(?P<uid>[a-z0-9]{8})-.+")
_OF_SERVICE: Final = re.compile(r"k8s-fw-(?P<name>a[0-9a-f]{31})")
_OF_CHECK: Final = re.compile(r"(?P<long>k8s-(?P<short>.+))-http-hc")


@dataclass(frozen=True)
class Owner:
    """An environment, as Google knows it.

    Attributes:
        project: The project's id.
        region: Of its cluster.
        name: The environment's, which is its cluster's and its network's.
        labels: On all that can carry labels.
        shares_network: Whether another cluster, or nobody knows whose, is in the network of that name.
        shares_name: Whether a cluster of the same name is in a zone of the region.
    """

    project: str
    region: str
    name: str
    labels: Mapping[str, str]
    shares_network: bool = False
    shares_name: bool = False

    @property
    def network(self) -> str:
        """The path of its network."""
        return f"projects/{self.project}/global/networks/{self.name}"

    def is_near(self, thing: Thing) -> bool:
        """Whether it is where the cluster's things are: in the region, a zone of it, or nowhere in particular."""
        where = thing.location
        return where in ("global", self.region) or where.startswith(f"{self.region}-")

    def labelled(self, labels: Mapping[str, str]) -> str | None:
        """What labels prove."""
        if self.labels.items() <= labels.items():
            return ", ".join(f"{key}={value}" for key, value in self.labels.items())
        # Written by GKE itself. The location tells a region's cluster from one of its zones.
        of_gke = {"goog-k8s-cluster-name": self.name, "goog-k8s-cluster-location": self.region}
        if of_gke.items() <= labels.items():
            return f"GKE's labels: cluster {self.name} in {self.region}"
        return None

    def is_anothers(self, labels: Mapping[str, str]) -> bool:
        """Whether labels say that it belongs to somebody else, whatever else speaks for us."""
        return any(labels.get(key, value) != value for key, value in self.labels.items())

    def is_target(self, tags: Sequence[str]) -> bool:
        """Whether network tags are those of the cluster's nodes and of nothing else."""
        tag = re.compile(rf"gke-{re.escape(self.name)}-[0-9a-f]{{8}}-node")
        return bool(tags) and all(tag.fullmatch(each) for each in tags)

    def has_node(self, path: str) -> bool:
        """Whether an instance's path is that of a node of the pool that `modelyard.gcp.node_pool` makes."""
        node = rf"projects/{self.project}/zones/{self.region}-[a-z]/instances/gke-{re.escape(self.name)}-default-"
        return re.fullmatch(node + "[0-9a-f]{8}-[a-z0-9]{4}", path) is not None


class Ownership:
    """Which of the things in a project are the environment's, and why."""

    def __init__(self, owner: Owner, things: Collection[Thing]) -> None:
        self._owner = owner
        near = [each for each in things if owner.is_near(each)]
        self._has_network = any(
            each.path == owner.network and _is_our_network(each.resource, near, owner) for each in near
        )
        #: Why each is ours, by its path.
        self.proofs: dict[str, str] = {}
        # Names that only our cluster's things have, each with what proves that.
        self._names: dict[str, str] = {}
        self._follow(near)

    def _follow(self, things: Sequence[Thing]) -> None:
        open_ = list(things)
        while True:
            left = []
            for each in open_:
                if why := self._prove(each):
                    self.proofs[each.path] = why
                    self._names.update(dict.fromkeys(_names_proved_by(each), f"{each.kind.name} {each.name}"))
                else:
                    left.append(each)
            if len(left) == len(open_):
                return
            open_ = left

    def _prove(self, thing: Thing) -> str | None:
        labels = thing.resource.get("labels") or (thing.resource.get("properties") or {}).get("labels") or {}
        if self._owner.is_anothers(labels):
            return None
        if why := self._owner.labelled(labels):
            return why
        prove = _PROOFS.get(thing.kind)
        return prove(self, thing) if prove else None

    def _leads_to_ours(self, thing: Thing, *keys: str) -> str | None:
        paths = thing.refers(*keys)
        if paths and all(path in self.proofs for path in paths):
            return f"leads to {paths[0].rpartition('/')[2]}, which is ours"
        return None

    def _named(self, *names: str) -> str | None:
        by = next((self._names[name] for name in names if name in self._names), None)
        return f"made by the cluster that made {by}" if by else None

    def _of_cluster(self, thing: Thing) -> str | None:
        found = _OF_CLUSTER.fullmatch(thing.name)
        return self._named(thing.name, *([found["uid"]] if found else []))

    def forwarding_rule(self, thing: Thing) -> str | None:
        """By what it leads to, or by its Service's firewall rule."""
        return self._leads_to_ours(thing, "target", "backendService") or self._of_cluster(thing)

    def proxy(self, thing: Thing) -> str | None:
        """By its URL map."""
        return self._leads_to_ours(thing, "urlMap")

    def url_map(self, thing: Thing) -> str | None:
        """By all backend services that it leads to."""
        matchers: Sequence[Resource] = thing.resource.get("pathMatchers") or ()
        rules = [rule for matcher in matchers for rule in matcher.get("pathRules") or ()]
        links = [thing.resource.get("defaultService"), *(each.get("defaultService") for each in matchers)]
        links += [rule.get("service") for rule in rules]
        all_of_them = Thing(thing.kind, thing.path, {"services": [link for link in links if link]})
        return self._leads_to_ours(all_of_them, "services")

    def backend_service(self, thing: Thing) -> str | None:
        """By all groups behind it; by its cluster, if it is empty."""
        groups = [each["group"] for each in thing.resource.get("backends") or () if "group" in each]
        if groups:
            return self._leads_to_ours(Thing(thing.kind, thing.path, {"groups": groups}), "groups")
        return self._of_cluster(thing)

    def target_pool(self, thing: Thing) -> str | None:
        """By its Service's firewall rule, or by the nodes in it, which it names when they are long gone."""
        if why := self._of_cluster(thing):
            return why
        nodes = thing.refers("instances")
        if self._owner.shares_name or not nodes or _SERVICE not in description(thing.resource):
            return None
        is_ours = all(self._owner.has_node(each) for each in nodes)
        return f"balances nodes of the cluster {self._owner.name}" if is_ours else None

    def group_manager(self, thing: Thing) -> str | None:
        """By its template."""
        return self._leads_to_ours(thing, "instanceTemplate")

    def in_network(self, thing: Thing) -> str | None:
        """By the environment's network, where only its cluster is."""
        if thing.kind == kinds.ENDPOINT_GROUP and "cluster-uid" not in description(thing.resource):
            return None
        if thing.kind == kinds.INSTANCE_GROUP and not thing.name.startswith("k8s-ig--"):
            return None
        is_ours = self._in_our_network(thing) and not self._owner.shares_network
        return f"made by GKE in the network {self._owner.name}" if is_ours else None

    def firewall(self, thing: Thing) -> str | None:
        """By network and target."""
        if self._in_our_network(thing) and self._owner.is_target(thing.resource.get("targetTags") or ()):
            return f"for the nodes of the cluster {self._owner.name}, in its network"
        return None

    def route(self, thing: Thing) -> str | None:
        """By network, and by the node that it leads to."""
        nodes = thing.refers("nextHopInstance")
        if self._in_our_network(thing) and nodes and all(self._owner.has_node(each) for each in nodes):
            return f"leads to a node of the cluster {self._owner.name}, in its network"
        return None

    def platform(self, thing: Thing) -> str | None:
        """By its name in the environment's network: Terraform made it, and has lost it."""
        if thing.name == self._owner.name and self._in_our_network(thing):
            return f"of this name in the network {self._owner.name}"
        return None

    def network(self, thing: Thing) -> str | None:
        """By its name, of which there is one in a project, and its form."""
        is_ours = self._has_network and thing.path == self._owner.network
        return "of this name, with the subnetwork of an environment or none" if is_ours else None

    def _in_our_network(self, thing: Thing) -> bool:
        return self._has_network and thing.refers("network") == [self._owner.network]


_PROOFS: Final[Mapping[Kind, Callable[[Ownership, Thing], str | None]]] = {
    kinds.FORWARDING_RULE: Ownership.forwarding_rule,
    kinds.HTTP_PROXY: Ownership.proxy,
    kinds.HTTPS_PROXY: Ownership.proxy,
    kinds.URL_MAP: Ownership.url_map,
    kinds.CERTIFICATE: Ownership._of_cluster,
    kinds.BACKEND_SERVICE: Ownership.backend_service,
    kinds.TARGET_POOL: Ownership.target_pool,
    kinds.HEALTH_CHECK: Ownership._of_cluster,
    kinds.HTTP_HEALTH_CHECK: Ownership._of_cluster,
    kinds.ADDRESS: Ownership._of_cluster,
    kinds.GROUP_MANAGER: Ownership.group_manager,
    kinds.INSTANCE_GROUP: Ownership.in_network,
    kinds.ENDPOINT_GROUP: Ownership.in_network,
    kinds.FIREWALL: Ownership.firewall,
    kinds.ROUTE: Ownership.route,
    kinds.ROUTER: Ownership.platform,
    kinds.SUBNETWORK: Ownership.platform,
    kinds.NETWORK: Ownership.network,
}


def description(resource: Resource) -> Mapping[str, Any]:
    """What GKE's controllers write there, as JSON; empty for all other text."""
    try:
        found = json.loads(resource.get("description") or "{}")
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _names_proved_by(thing: Thing) -> Iterator[str]:
    if thing.kind == kinds.FIREWALL:
        if found := _OF_SERVICE.fullmatch(thing.name):
            yield found["name"]
        if found := _OF_CHECK.fullmatch(thing.name):
            yield from (found["long"], found["short"])
    if thing.kind in (kinds.FIREWALL, kinds.ENDPOINT_GROUP):
        yield thing.name
        if found := _OF_CLUSTER.fullmatch(thing.name):
            yield found["uid"]


def _is_our_network(resource: Resource, things: Collection[Thing], owner: Owner) -> bool:
    if resource.get("autoCreateSubnetworks") is not False:
        return False
    inside = [each for each in things if each.kind == kinds.SUBNETWORK and each.refers("network") == [owner.network]]
    return not inside or any(
        each.name == owner.name
        and {found["rangeName"] for found in each.resource.get("secondaryIpRanges") or ()} == _RANGES
        for each in inside
    )
