"""VPC networks and what lies in them."""

import ipaddress
from typing import Final

from simulator.google.resource import GoogleResource, resource_path, short_name
from simulator.planning import Steps
from simulator.resource import CloudError, stable_number
from simulator.values import is_given
from simulator.world import Scope, Values, World

# What keeps a network from being deleted.
_USERS_OF_NETWORKS: Final = [
    "google_compute_subnetwork",
    "google_compute_router",
    "google_compute_firewall",
    "google_container_cluster",
]


class ComputeResource(GoogleResource):
    """A resource of Compute Engine."""

    api = "compute.googleapis.com"

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Adds the links of Compute Engine."""
        return super().computed(values, scope, world) | {
            "self_link": f"https://www.googleapis.com/compute/v1/{self.id(values)}",
            "creation_timestamp": "2026-01-01T00:00:00.000-08:00",
        }

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses a resource whose network is missing."""
        super().check(values, scope, world)
        check_network(self, values, scope)


class Network(ComputeResource):
    """A VPC network."""

    id_template = "projects/{project}/global/networks/{name}"
    create_error = "Error creating Network"

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Adds the network's number."""
        number = str(stable_number(self.id(values), digits=19))
        return super().computed(values, scope, world) | {"numeric_id": number, "network_id": number}

    def check_delete(self, values: Values, scope: Scope, world: World) -> None:
        """Keeps a network in use."""
        for type_name in _USERS_OF_NETWORKS:
            for id_, user in scope.all(type_name).items():
                if user["project"] == values["project"] and short_name(user["network"] or "") == values["name"]:
                    raise CloudError(
                        f"Error waiting for Deleting Network: The network resource '{values['id']}' is already being "
                        f"used by '{id_}'"
                    )


class Subnetwork(ComputeResource):
    """A subnetwork."""

    id_template = "projects/{project}/regions/{region}/subnetworks/{name}"
    create_error = "Error creating Subnetwork"

    def replaced_for(self, planned: Values, prior: Values) -> list[Steps]:
        """A range grows in place, and shrinks with a new subnetwork."""
        now, before = planned["ip_cidr_range"], prior["ip_cidr_range"]
        grown = is_given(now) and _range(before).subnet_of(_range(now))
        return [] if grown or not is_given(now) else [("ip_cidr_range",)]

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Adds its gateway."""
        computed = super().computed(values, scope, world) | {"purpose": "PRIVATE", "stack_type": "IPV4_ONLY"}
        if is_given(values["ip_cidr_range"]):
            computed["gateway_address"] = str(_range(values["ip_cidr_range"])[1])
        return computed

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses ranges that another subnetwork of the network has."""
        super().check(values, scope, world)
        for id_, other in scope.all(self.type_name).items():
            if id_ == values["id"] or resource_path(other["network"]) != resource_path(values["network"]):
                continue
            for one in _ranges(values):
                if any(one.overlaps(existing) for existing in _ranges(other)):
                    raise self.failed(
                        f"googleapi: Error 400: Invalid IPCidrRange: {one} conflicts with existing subnetwork "
                        f"'{other['name']}' in region '{other['region']}'., badRequest"
                    )

    def check_delete(self, values: Values, scope: Scope, world: World) -> None:
        """Keeps a subnetwork in use."""
        for id_, cluster in scope.all("google_container_cluster").items():
            if cluster["project"] == values["project"] and short_name(cluster["subnetwork"] or "") == values["name"]:
                raise CloudError(
                    f"Error when reading or editing Subnetwork: googleapi: Error 400: The subnetwork resource "
                    f"'{values['id']}' is already being used by '{id_}', resourceInUseByAnotherResource"
                )


def _ranges(subnetwork: Values) -> list[ipaddress.IPv4Network]:
    ranges = [subnetwork["ip_cidr_range"], *(one["ip_cidr_range"] for one in subnetwork["secondary_ip_range"] or [])]
    return [_range(one) for one in ranges if is_given(one)]


def _range(text: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError as error:
        raise CloudError(
            f"googleapi: Error 400: Invalid value for field 'resource.ipCidrRange': '{text}'. {error}, invalid"
        ) from error


class Router(ComputeResource):
    """A Cloud Router."""

    id_template = "projects/{project}/regions/{region}/routers/{name}"
    create_error = "Error creating Router"

    def delete(self, values: Values, scope: Scope, world: World) -> None:
        """Removes the router with its NAT gateways."""
        super().delete(values, scope, world)
        for id_ in scope.keys("google_compute_router_nat"):
            if id_.startswith(f"{values['project']}/{values['region']}/{values['name']}/"):
                scope.delete("google_compute_router_nat", id_)


class RouterNat(ComputeResource):
    """A Cloud NAT gateway, a part of its router."""

    id_template = "{project}/{region}/{router}/{name}"
    create_error = "Error creating RouterNat"

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses a gateway without its router."""
        super().check(values, scope, world)
        router = f"projects/{values['project']}/regions/{values['region']}/routers/{short_name(values['router'])}"
        if scope.get("google_compute_router", router) is None:
            raise self.not_found(router)


class Firewall(ComputeResource):
    """A firewall rule."""

    id_template = "projects/{project}/global/firewalls/{name}"
    create_error = "Error creating Firewall"


def check_network(resource: GoogleResource, values: Values, scope: Scope) -> None:
    """Refuses a network or subnetwork that is missing; `default` comes with each project."""
    network = values.get("network") or "default"
    if short_name(network) != "default":
        path = _path(network, f"projects/{values['project']}/global/networks/")
        if scope.get("google_compute_network", path) is None:
            raise resource.not_found(path)


def check_subnetwork(resource: GoogleResource, values: Values, scope: Scope, region: str) -> None:
    """Refuses a subnetwork that is missing, or one that lacks the secondary ranges for pods and services."""
    subnetwork = values.get("subnetwork") or "default"
    if short_name(subnetwork) == "default":
        return
    path = _path(subnetwork, f"projects/{values['project']}/regions/{region}/subnetworks/")
    existing = scope.get("google_compute_subnetwork", path)
    if existing is None:
        raise resource.not_found(path)
    ranges = [one["range_name"] for one in existing["secondary_ip_range"] or []]
    for policy in values["ip_allocation_policy"] or []:
        for wanted in (policy["cluster_secondary_range_name"], policy["services_secondary_range_name"]):
            if is_given(wanted) and wanted not in ranges:
                raise resource.failed(
                    f'googleapi: Error 400: Services or pods secondary range "{wanted}" does not exist in '
                    f'subnetwork "{existing["name"]}"., badRequest'
                )


def _path(reference: str, prefix: str) -> str:
    return resource_path(reference) if "/" in reference else prefix + reference


RESOURCES = {
    "google_compute_network": Network,
    "google_compute_subnetwork": Subnetwork,
    "google_compute_router": Router,
    "google_compute_router_nat": RouterNat,
    "google_compute_firewall": Firewall,
}
