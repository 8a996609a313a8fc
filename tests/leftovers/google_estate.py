"""What GKE leaves when a cluster goes before its Services and claims: one of each kind, for whichever cluster."""

import json
from dataclasses import dataclass

from tests.leftovers.fake_google import PROJECT, GoogleWorld

DESCRIPTION = "kubernetes.io/service-name"


@dataclass(frozen=True)
class Remains:
    """Whose they are.

    Attributes:
        name: Of the cluster and of its network.
        project: The project.
        region: The region.
        network: The network's name, if the cluster had another's.
        environment: What the label says; None for none.
        uid: The eight characters by which GKE's controllers tell clusters apart.
        service: Of the Service's load balancer.
        location: Of the cluster, if that was a zone.
    """

    name: str
    project: str = PROJECT
    region: str = "us-central1"
    network: str | None = None
    environment: str | None = None
    uid: str = "1a2b3c4d"
    service: str = "a0123456789abcdef0123456789abcde"
    location: str | None = None

    @property
    def zone(self) -> str:
        return f"projects/{self.project}/zones/{self.region}-a"

    @property
    def regional(self) -> str:
        return f"projects/{self.project}/regions/{self.region}"

    @property
    def everywhere(self) -> str:
        return f"projects/{self.project}/global"

    @property
    def labels(self) -> dict[str, str]:
        """GKE's own, and the cluster's."""
        labels = {"goog-k8s-cluster-name": self.name, "goog-k8s-cluster-location": self.location or self.region}
        return labels | ({"environment": self.environment, "managed-by": "modelyard"} if self.environment else {})

    @property
    def tag(self) -> str:
        return f"gke-{self.name}-0f1e2d3c-node"

    @property
    def node(self) -> str:
        return f"gke-{self.name}-default-5e6f7a8b-x1y2"

    def link(self, path: str) -> str:
        return f"https://www.googleapis.com/compute/v1/{path}"

    @property
    def in_network(self) -> dict[str, str]:
        return {"network": self.link(f"{self.everywhere}/networks/{self.network or self.name}")}


def plant_all(world: GoogleWorld, whose: Remains) -> set[str]:
    """Everything; gives the paths."""
    return {
        *plant_network(world, whose),
        *plant_nodes(world, whose),
        *plant_service(world, whose),
        *plant_ingress(world, whose),
        *plant_volumes(world, whose),
    }


def plant_network(world: GoogleWorld, whose: Remains) -> set[str]:
    network = world.plant(f"{whose.everywhere}/networks/{whose.name}", autoCreateSubnetworks=False)
    ranges = [{"rangeName": each, "ipCidrRange": "10.4.0.0/14"} for each in ("pods", "services")]
    return {
        network,
        world.plant(
            f"{whose.regional}/subnetworks/{whose.name}", network=whose.link(network), secondaryIpRanges=ranges
        ),
        world.plant(f"{whose.regional}/routers/{whose.name}", network=whose.link(network)),
    }


def plant_nodes(world: GoogleWorld, whose: Remains) -> set[str]:
    group = f"gke-{whose.name}-default-5e6f7a8b-grp"
    template = world.plant(
        f"{whose.everywhere}/instanceTemplates/gke-{whose.name}-default-5e6f7a8b",
        properties={"labels": whose.labels, "networkInterfaces": [whose.in_network]},
    )
    disk = world.plant(
        f"{whose.zone}/disks/{whose.node}",
        labels=whose.labels,
        sizeGb="50",
        type=whose.link(f"{whose.zone}/diskTypes/pd-balanced"),
    )
    instance = world.plant(
        f"{whose.zone}/instances/{whose.node}",
        labels=whose.labels,
        status="RUNNING",
        machineType=whose.link(f"{whose.zone}/machineTypes/n1-standard-1"),
        scheduling={"preemptible": True},
        disks=[{"source": whose.link(disk), "autoDelete": True}],
        networkInterfaces=[whose.in_network],
    )
    return {
        template,
        disk,
        instance,
        world.plant(
            f"{whose.zone}/instanceGroupManagers/{group}",
            baseInstanceName=f"gke-{whose.name}-default-5e6f7a8b",
            instanceTemplate=whose.link(template),
        ),
        world.plant(
            f"{whose.everywhere}/firewalls/gke-{whose.name}-0f1e2d3c-vms", targetTags=[whose.tag], **whose.in_network
        ),
        world.plant(
            f"{whose.everywhere}/routes/gke-{whose.name}-0f1e2d3c-route",
            nextHopInstance=whose.link(instance),
            **whose.in_network,
        ),
    }


def plant_service(world: GoogleWorld, whose: Remains, *, firewall: bool = True) -> set[str]:
    """A Service of type LoadBalancer that keeps its callers' addresses, as ours do."""
    said = json.dumps({DESCRIPTION: "iris/iris"})
    check = world.plant(f"{whose.everywhere}/httpHealthChecks/{whose.service}", description=said)
    pool = world.plant(
        f"{whose.regional}/targetPools/{whose.service}",
        description=said,
        instances=[whose.link(f"{whose.zone}/instances/{whose.node}")],
        healthChecks=[whose.link(check)],
    )
    rule = world.plant(
        f"{whose.regional}/forwardingRules/{whose.service}",
        description=said,
        target=whose.link(pool),
        IPAddress=f"203.0.113.{len(world.things) % 250}",
    )
    if not firewall:
        return {pool, rule}
    tagged = {"description": said, "targetTags": [whose.tag], **whose.in_network}
    return {
        check,
        pool,
        rule,
        world.plant(f"{whose.everywhere}/firewalls/k8s-fw-{whose.service}", **tagged),
        world.plant(f"{whose.everywhere}/firewalls/k8s-{whose.service}-http-hc", **tagged),
        world.plant(
            f"{whose.regional}/addresses/{whose.service}",
            status="IN_USE",
            address=world.things[rule]["IPAddress"],
            users=[whose.link(rule)],
        ),
    }


def plant_ingress(world: GoogleWorld, whose: Remains) -> set[str]:
    """An Ingress with a certificate, before an endpoint group and a group of instances."""
    base = f"{whose.uid}-iris-iris-80-9z8y7x6w"
    said = json.dumps({"cluster-uid": whose.uid, "namespace": "iris", "service-name": "iris", "port": "80"})
    endpoints = world.plant(
        f"{whose.zone}/networkEndpointGroups/k8s1-{base}", description=said, networkEndpointType="GCE_VM_IP_PORT",
        **whose.in_network,
    )  # fmt: skip
    group = world.plant(f"{whose.zone}/instanceGroups/k8s-ig--{whose.uid}", **whose.in_network)
    check = world.plant(f"{whose.everywhere}/healthChecks/k8s1-{base}", type="HTTP")
    service = world.plant(
        f"{whose.everywhere}/backendServices/k8s1-{base}",
        backends=[{"group": whose.link(endpoints)}, {"group": whose.link(group)}],
        healthChecks=[whose.link(check)],
    )
    url_map = world.plant(f"{whose.everywhere}/urlMaps/k8s2-um-{base}", defaultService=whose.link(service))
    certificate = world.plant(f"{whose.everywhere}/sslCertificates/k8s2-cr-{whose.uid}-5v4u3t2s-1r0q")
    proxies = [
        world.plant(f"{whose.everywhere}/targetHttpProxies/k8s2-tp-{base}", urlMap=whose.link(url_map)),
        world.plant(
            f"{whose.everywhere}/targetHttpsProxies/k8s2-ts-{base}",
            urlMap=whose.link(url_map),
            sslCertificates=[whose.link(certificate)],
        ),
    ]
    rules = [
        world.plant(f"{whose.everywhere}/forwardingRules/k8s2-{kind}-{base}", target=whose.link(proxy))
        for kind, proxy in zip(("fr", "fs"), proxies, strict=True)
    ]
    return {endpoints, group, check, service, url_map, certificate, *proxies, *rules}


def plant_volumes(world: GoogleWorld, whose: Remains) -> set[str]:
    claim = {"kubernetes.io/created-for/pvc/namespace": "iris", "kubernetes.io/created-for/pvc/name": "notebook"}
    said = json.dumps({**claim, "storage.gke.io/created-by": "pd.csi.storage.gke.io"})
    disks = {
        world.plant(
            f"{place}/disks/pvc-{whose.uid}-{number}",
            labels={**whose.labels, "goog-gke-volume": ""},
            description=said,
            sizeGb="10",
            type=whose.link(f"{place}/diskTypes/pd-balanced"),
        )
        for number, place in enumerate((whose.zone, whose.regional))
    }
    snapshot = world.plant(
        f"{whose.everywhere}/snapshots/snapshot-{whose.uid}", labels=whose.labels, storageBytes="1073741824"
    )
    return {*disks, snapshot}
