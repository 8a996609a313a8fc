"""The quotas of a region of Google Cloud, and of a project's over all regions."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from doctor.check import Finding, fail, skipped
from doctor.declared import Declared
from doctor.google_api import DisabledError, GoogleApi
from doctor.quota import Needs, Quota, verdict
from doctor.refusals import RefusedError
from leftovers import google_kinds
from leftovers.finder import find, is_living
from stacks.gke.settings import GkeSettings

# These have their quota together; every other family of machines has one of its own:
# https://cloud.google.com/compute/resource-usage#cpu_quota
_COMMON_FAMILIES: Final = ("e2", "f1", "g1", "n1")
_DISKS: Final = {"pd-standard": "DISKS_TOTAL_GB", "pd-balanced": "SSD_TOTAL_GB", "pd-ssd": "SSD_TOTAL_GB"}
_PREEMPTIBLE: Final = "PREEMPTIBLE_CPUS"


def look_at_quotas(api: GoogleApi, settings: GkeSettings, declared: Declared) -> Finding:
    """Whether all that is declared fits at its most, with what the environment has already."""
    try:
        return _Quotas(api, settings, Needs.of(declared.charged())).verdict()
    except DisabledError as error:
        return skipped(f"{error.what}; a deploy enables it")


class _Quotas:
    def __init__(self, api: GoogleApi, settings: GkeSettings, needs: Needs) -> None:
        self._api, self._settings, self._needs = api, settings, needs
        self._compute = api.client("compute")

    def verdict(self) -> Finding:
        settings = self._settings
        project, region = settings.project_id, settings.region
        try:
            regional = _by_metric(self._api.ask(self._compute.regions().get(project=project, region=region)))
        except RefusedError as error:
            if error.status != 404:
                raise
            return fail(
                f"there is no region {region}",
                f"write another one into environments/{settings.name}.toml: region; gcloud compute regions list",
            )
        cores = {machine: self._cores(machine) for machine, _ in self._needs.machines}
        if missing := [machine for machine, each in cores.items() if each == 0]:
            return fail(
                f"{region} has no machines of type {', '.join(missing)}",
                f"write another one into environments/{settings.name}.toml: cluster.node_pool.machine_type",
            )
        everywhere = _by_metric(self._api.ask(self._compute.projects().get(project=project)))
        cpus = {key: nodes * cores[key[0]] for key, nodes in self._needs.machines.items()}
        wanted = self._wanted(cpus, regional)
        quotas = [
            *self._told(wanted, regional, region),
            *self._told({"CPUS_ALL_REGIONS": sum(cpus.values())}, everywhere, "all regions"),
        ]
        if any(quota.short > 0 for quota in quotas) and is_living(settings):
            quotas = self._less_own(quotas, sum(cores.values()))
        finding = verdict(
            quotas,
            f"ask for more, which may take days: https://console.cloud.google.com/iam-admin/quotas?project={project}; "
            f"or lower environments/{settings.name}.toml: cluster.node_pool.max_nodes",
        )
        # Of newer families of machines Compute Engine does not tell.
        untold = [metric for metric in wanted if metric not in regional]
        lines = [f"{metric} in {region}: {wanted[metric]} needed, no limit is told" for metric in untold]
        return replace(finding, found="\n".join([finding.found, *lines]))

    def _cores(self, machine: str) -> int:
        """Of a machine of this type; 0 where the region has none."""
        collection = self._compute.machineTypes()
        request = collection.aggregatedList(project=self._settings.project_id, filter=f"name = {machine}")
        while request is not None:
            page = self._api.ask(request)
            for place, found in (page.get("items") or {}).items():
                for each in found.get("machineTypes") or ():
                    if place.startswith(f"zones/{self._settings.region}-") and each["name"] == machine:
                        return int(each["guestCpus"])
            request = collection.aggregatedList_next(request, page)
        return 0

    def _wanted(
        self, cpus: Mapping[tuple[str, bool], int], regional: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, int]:
        """Units by Google's name for the quota; `cpus` are those of all nodes, by type and whether preemptible."""
        wanted: dict[str, int] = {}

        def add(metric: str, units: int) -> None:
            wanted[metric] = wanted.get(metric, 0) + units

        for (machine, is_preemptible), units in cpus.items():
            family = machine.partition("-")[0]
            own = "CPUS" if family in _COMMON_FAMILIES else f"{family.upper()}_CPUS"
            # Who never asked for it has none, and preemptible machines count like all others.
            has_preemptible = bool(regional.get(_PREEMPTIBLE, {}).get("limit"))
            add(_PREEMPTIBLE if is_preemptible and has_preemptible else own, units)
        for kind, gigabytes in self._needs.disks.items():
            add(_DISKS.get(kind, "SSD_TOTAL_GB"), gigabytes)
        # Nodes' own, Cloud NAT's, and one for each load balancer.
        add("IN_USE_ADDRESSES", self._needs.addresses + self._needs.rules)
        return wanted

    def _told(self, wanted: Mapping[str, int], told: Mapping[str, Mapping[str, Any]], where: str) -> list[Quota]:
        return [
            Quota(f"{metric} in {where}", units, int(told[metric]["limit"]), int(told[metric]["usage"]))
            for metric, units in wanted.items()
            if metric in told
        ]

    def _less_own(self, quotas: list[Quota], cores: int) -> list[Quota]:
        """With what a living cluster has already, which is in use and need not be had twice."""
        own = find(self._settings, include_living=True)
        nodes = sum(each.kind == google_kinds.INSTANCE.name for each in own)
        rules = sum(each.kind == google_kinds.FORWARDING_RULE.name for each in own)
        gigabytes = self._settings.cluster.node_pool.disk_gigabytes
        public = 0 if self._settings.cluster.private_nodes else nodes
        have = {"IN_USE_ADDRESSES": public + rules, "DISKS_TOTAL_GB": nodes * gigabytes}

        def own_of(metric: str) -> int:
            return have.get(metric, nodes * cores if "CPUS" in metric else 0)

        return [replace(each, own=own_of(each.name.partition(" ")[0])) for each in quotas]


def _by_metric(answer: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {each["metric"]: each for each in answer.get("quotas") or ()}
