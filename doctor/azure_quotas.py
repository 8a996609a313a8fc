"""What Azure rations in a region: cores, of all machines and of each family, and public addresses."""

from collections.abc import Mapping
from typing import Any, Final

from doctor.azure_api import AzureApi
from doctor.check import Finding, fail
from doctor.declared import Declared
from doctor.quota import Needs, Quota, verdict
from leftovers import azure_kinds as kinds
from stacks.aks.settings import AksSettings

#: Of the APIs, as Azure's client libraries send them.
USAGES: Final = {"Microsoft.Compute": "2026-04-01", "Microsoft.Network": "2026-03-01"}
SKUS: Final = "2021-07-01"
_SPOT: Final = "lowPriorityCores"
_ALL: Final = "cores"
# Azure counts an address under each of these that it has.
_ADDRESSES: Final = ("PublicIPAddresses", "StandardSkuPublicIpAddresses", "IPv4StandardSkuPublicIpAddresses")


def look_at_quotas(api: AzureApi, settings: AksSettings, declared: Declared) -> Finding:
    """Whether all that is declared fits at its most, with what the environment has already."""
    needs = Needs.of(declared.charged())
    sizes = _sizes(api, settings)
    for machine, _ in needs.machines:
        if finding := _refusal(sizes.get(machine), machine, settings):
            return finding
    wanted: dict[str, int] = dict.fromkeys(_ADDRESSES, needs.addresses)
    nodes: dict[str, int] = {}
    for (machine, is_spot), count in needs.machines.items():
        size = sizes[machine]
        cores = next(int(each["value"]) for each in size["capabilities"] if each["name"] == "vCPUs")
        for name in (_SPOT,) if is_spot else (_ALL, size["family"]):
            wanted[name] = wanted.get(name, 0) + count * cores
            nodes[name] = cores
    quotas = _told(api, settings, wanted)
    if any(quota.short > 0 for quota in quotas):
        running = _running_nodes(api, settings)
        quotas = [
            Quota(
                each.name, each.needed, each.limit, each.used, own=running * nodes.get(each.name.partition(" ")[0], 0)
            )
            for each in quotas
        ]
    return verdict(
        quotas,
        "ask for more: https://portal.azure.com/#view/Microsoft_Azure_Capacity/QuotaMenuBlade/~/myQuotas; "
        f"or lower environments/{settings.name}.toml: cluster.node_pool.max_nodes",
    )


def _sizes(api: AzureApi, settings: AksSettings) -> dict[str, Mapping[str, Any]]:
    path = f"{api.subscription}/providers/Microsoft.Compute/skus"
    found = api.pages(path, SKUS, filter=f"location eq '{settings.location}'")
    return {each["name"]: each for each in found if each["resourceType"] == "virtualMachines"}


def _refusal(size: Mapping[str, Any] | None, machine: str, settings: AksSettings) -> Finding | None:
    mend = (
        f"write another one into environments/{settings.name}.toml: cluster.node_pool.machine_type; "
        f"az vm list-skus --location {settings.location} --resource-type virtualMachines --output table"
    )
    if size is None:
        return fail(f"{settings.location} has no machines of size {machine}", mend)
    # Others are for single zones, of which AKS is told none here.
    reasons = [each["reasonCode"] for each in size.get("restrictions") or () if each["type"] == "Location"]
    return fail(f"{machine} in {settings.location}: {', '.join(reasons)}", mend) if reasons else None


def _told(api: AzureApi, settings: AksSettings, wanted: Mapping[str, int]) -> list[Quota]:
    found = {}
    for namespace, version in USAGES.items():
        for each in api.pages(
            f"{api.subscription}/providers/{namespace}/locations/{settings.location}/usages", version
        ):
            found[str(each["name"]["value"])] = each
    return [
        Quota(f"{name} in {settings.location}", units, int(found[name]["limit"]), int(found[name]["currentValue"]))
        for name, units in wanted.items()
        if name in found
    ]


def _running_nodes(api: AzureApi, settings: AksSettings) -> int:
    group = f"{api.subscription}/resourceGroups/{settings.stack_id('cluster')}"
    cluster = api.find(f"{group}/providers/{kinds.CLUSTER.type}/{settings.name}", kinds.CLUSTER.api_version)
    return sum(pool.get("count", 0) for pool in cluster["properties"]["agentPoolProfiles"]) if cluster else 0
