"""The kinds of things that GKE makes outside Terraform, as the discovery document of Compute Engine names them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """A collection of the API.

    Attributes:
        name: In words.
        collection: The API's name for it.
        parameter: The API's name for one of them.
        step: When it is deleted: users come before what they use, and what proves that others are ours after those.
    """

    name: str
    collection: str
    parameter: str
    step: int


FORWARDING_RULE: Final = Kind("forwarding rule", "forwardingRules", "forwardingRule", 10)
HTTP_PROXY: Final = Kind("target HTTP proxy", "targetHttpProxies", "targetHttpProxy", 20)
HTTPS_PROXY: Final = Kind("target HTTPS proxy", "targetHttpsProxies", "targetHttpsProxy", 20)
URL_MAP: Final = Kind("URL map", "urlMaps", "urlMap", 30)
CERTIFICATE: Final = Kind("SSL certificate", "sslCertificates", "sslCertificate", 40)
BACKEND_SERVICE: Final = Kind("backend service", "backendServices", "backendService", 40)
TARGET_POOL: Final = Kind("target pool", "targetPools", "targetPool", 40)
HEALTH_CHECK: Final = Kind("health check", "healthChecks", "healthCheck", 50)
HTTP_HEALTH_CHECK: Final = Kind("HTTP health check", "httpHealthChecks", "httpHealthCheck", 50)
ADDRESS: Final = Kind("address", "addresses", "address", 50)
GROUP_MANAGER: Final = Kind("managed instance group", "instanceGroupManagers", "instanceGroupManager", 60)
INSTANCE: Final = Kind("instance", "instances", "instance", 62)
TEMPLATE: Final = Kind("instance template", "instanceTemplates", "instanceTemplate", 64)
DISK: Final = Kind("disk", "disks", "disk", 66)
SNAPSHOT: Final = Kind("snapshot", "snapshots", "snapshot", 66)
INSTANCE_GROUP: Final = Kind("instance group", "instanceGroups", "instanceGroup", 70)
ENDPOINT_GROUP: Final = Kind("network endpoint group", "networkEndpointGroups", "networkEndpointGroup", 70)
FIREWALL: Final = Kind("firewall rule", "firewalls", "firewall", 80)
ROUTE: Final = Kind("route", "routes", "route", 80)
ROUTER: Final = Kind("router", "routers", "router", 80)
SUBNETWORK: Final = Kind("subnetwork", "subnetworks", "subnetwork", 90)
NETWORK: Final = Kind("network", "networks", "network", 95)

KINDS: Final[tuple[Kind, ...]] = (
    FORWARDING_RULE,
    HTTP_PROXY,
    HTTPS_PROXY,
    URL_MAP,
    CERTIFICATE,
    BACKEND_SERVICE,
    TARGET_POOL,
    HEALTH_CHECK,
    HTTP_HEALTH_CHECK,
    ADDRESS,
    GROUP_MANAGER,
    INSTANCE,
    TEMPLATE,
    DISK,
    SNAPSHOT,
    INSTANCE_GROUP,
    ENDPOINT_GROUP,
    FIREWALL,
    ROUTE,
    ROUTER,
    SUBNETWORK,
    NETWORK,
)


@dataclass(frozen=True)
class Thing:
    """One resource in the cloud.

    Attributes:
        kind: What it is.
        path: From `projects/` on: the API's own name for it, in every reference.
        resource: As the API gives it.
    """

    kind: Kind
    path: str
    resource: Resource

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def location(self) -> str:
        """The zone or region, or `global`."""
        parts = self.path.split("/")
        return "global" if parts[2] == "global" else parts[3]

    def refers(self, *keys: str) -> list[str]:
        """The paths in some of its fields, whatever host they were written for."""
        values = (self.resource.get(key) or () for key in keys)
        return [path_of(link) for value in values for link in ([value] if isinstance(value, str) else value)]


def path_of(link: str) -> str:
    """The path in a link, from `projects/` on."""
    return link[link.index("projects/") :] if "projects/" in link else link
