"""Google Cloud's quotas, each a little too small."""

import datetime

import pytest

from doctor.check import run
from doctor.declared import Declared
from stacks.gke.settings import GkeSettings
from stacks.settings import Suspended
from tests.doctor.google_world import GoogleProject, plant_cluster
from tests.doctor.looking import look
from tests.leftovers.fake_google import PROJECT
from tests.leftovers.google_estate import Remains, plant_nodes, plant_service

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("metric", "needed", "where"),
    [
        ("PREEMPTIBLE_CPUS", 6, "us-central1"),
        ("DISKS_TOTAL_GB", 300, "us-central1"),
        ("CPUS_ALL_REGIONS", 6, "all regions"),
    ],
)
def test_a_quota_that_is_short_by_one(
    google: GoogleProject, gke: Declared, metric: str, needed: int, where: str
) -> None:
    def limit(number: int) -> None:
        everywhere = number if metric == "CPUS_ALL_REGIONS" else 32
        google.set_quotas(everywhere=everywhere, **({} if metric == "CPUS_ALL_REGIONS" else {metric: number}))

    limit(needed)
    assert look("quotas", gke).state == "ok"
    limit(needed - 1)
    finding = look("quotas", gke)

    assert finding.state == "fail"
    assert finding.found == f"{metric} in {where}: {needed} needed, limit {needed - 1}, 0 in use: 1 short"
    assert f"https://console.cloud.google.com/iam-admin/quotas?project={PROJECT}" in finding.mend
    assert "environments/gke-dev.toml: cluster.node_pool.max_nodes" in finding.mend


def test_what_others_use_counts(google: GoogleProject, gke: Declared) -> None:
    google.set_quotas(used=19)

    finding = look("quotas", gke)

    assert "PREEMPTIBLE_CPUS in us-central1: 6 needed, limit 24, 19 in use: 1 short" in finding.found.splitlines()


def test_what_a_living_cluster_has_need_not_be_had_twice(google: GoogleProject, gke: Declared) -> None:
    settings = gke.settings
    assert isinstance(settings, GkeSettings)
    ours = Remains("gke-dev", environment="gke-dev")
    plant_nodes(google, ours)
    plant_service(google, ours)
    google.set_quotas(used=1, PREEMPTIBLE_CPUS=6, DISKS_TOTAL_GB=4096)

    assert "PREEMPTIBLE_CPUS in us-central1: 6 needed, limit 6, 1 in use: 1 short" in look("quotas", gke).found
    plant_cluster(google, settings)
    assert look("quotas", gke).state == "ok"
    assert "6 needed, limit 6, 1 in use, 1 by this environment" in look("quotas", gke).found


def test_without_a_quota_for_preemptible_cores_they_count_like_all_others(google: GoogleProject, gke: Declared) -> None:
    google.set_quotas(PREEMPTIBLE_CPUS=0, CPUS=5)

    assert look("quotas", gke).found == "CPUS in us-central1: 6 needed, limit 5, 0 in use: 1 short"


def test_a_region_and_a_machine_that_there_are_not(google: GoogleProject, gke: Declared) -> None:
    google.things = {path: each for path, each in google.things.items() if "machineTypes" not in path}
    finding = look("quotas", gke)
    assert (finding.state, finding.found) == ("fail", "us-central1 has no machines of type n1-standard-1")
    assert finding.mend.endswith("environments/gke-dev.toml: cluster.node_pool.machine_type")

    del google.things[f"projects/{PROJECT}/regions/us-central1"]
    finding = look("quotas", gke)
    assert (finding.state, finding.found) == ("fail", "there is no region us-central1")
    assert "gcloud compute regions list" in finding.mend


def test_an_environment_that_sleeps_needs_no_cores(google: GoogleProject, gke: Declared) -> None:
    google.set_quotas(everywhere=0, CPUS=0, PREEMPTIBLE_CPUS=0)
    asleep = Suspended(on=datetime.date(2026, 11, 20), by="ada@example.com")
    sleeping = Declared(gke.settings.model_copy(update={"suspended": asleep}))
    run([each for each in sleeping.checks() if each.name == "stacks"])

    finding = look("quotas", sleeping)

    assert finding.state == "ok"
    assert "CPUS in us-central1: 0 needed, limit 0, 0 in use" in finding.found.splitlines()


def test_a_quota_that_is_not_told(google: GoogleProject, gke: Declared) -> None:
    google.things[f"projects/{PROJECT}/regions/us-central1"]["quotas"].pop(2)

    finding = look("quotas", gke)

    assert finding.state == "ok"
    assert "DISKS_TOTAL_GB in us-central1: 300 needed, no limit is told" in finding.found.splitlines()
