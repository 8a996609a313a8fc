"""What a suspension changes in stacks, costs and commands; tests/e2e has it on a real cluster and by real plugins."""

import datetime
import functools
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelyard.errors import ConfigurationError

import pytest
import tomlkit

from comparison.estate import deploy
from comparison.estate import synthesise as write
from costs.estimate import Estimate, estimate
from costs.place import as_billed, place_of
from costs.resources import declared
from estate.cluster_access import kubeconfig
from estate.rehearsal import Rehearsal
from simulator import SimulatedProviders
from stacks.environments import load_cloud_settings, load_settings
from stacks.settings import Suspended
from suspension.record import refuse_while_suspended
from tests.conftest import Command, Synthesise, resource

RECORD = Suspended(on=datetime.date(2026, 11, 22), by="ada")


def test_a_deploy_of_what_sleeps_is_refused_with_the_mend() -> None:
    settings = load_settings("local")
    refuse_while_suspended(settings)

    with pytest.raises(ConfigurationError) as refused:
        refuse_while_suspended(settings.model_copy(update={"suspended": RECORD}))

    assert "local is suspended since 2026-11-22, by ada" in str(refused.value)
    assert "mend: modelyard resume local" in str(refused.value)


@pytest.mark.parametrize("name", ["gke-dev", "aks-dev", "local"])
def test_of_what_sleeps_no_plan_looks_at_replicas_or_at_what_remembers_them(name: str, synthesise: Synthesise) -> None:
    settings = load_settings(name)
    both = (settings, settings.model_copy(update={"suspended": RECORD}))
    awake, asleep = (synthesise(each, only=("image_classifier", "iris")) for each in both)

    def deployments(stacks: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for stack in stacks.values():
            yield from stack["resource"].get("kubernetes_deployment_v1", {}).values()

    ignored = [each["lifecycle"] for each in deployments(asleep)]
    assert ignored
    assert ignored == [{"ignore_changes": ["spec[0].replicas"]}] * len(ignored)
    assert [each for each in deployments(awake) if "lifecycle" in each] == []
    providers = [each for stack in asleep.values() for each in stack["provider"].get("kubernetes", [])]
    assert {tuple(each["ignore_annotations"]) for each in providers} == {("^modelyard/suspended-",)}
    assert "modelyard/suspended-" not in str(awake)


def test_a_pool_that_sleeps_has_no_nodes_and_nobody_who_adds_any(synthesise: Synthesise) -> None:
    settings = load_settings("gke-dev").model_copy(update={"suspended": RECORD})

    pool = resource(synthesise(settings, only=())["gke-dev-cluster"], "google_container_node_pool")

    assert pool["node_count"] == 0
    assert "autoscaling" not in pool


def test_who_sleeps_is_billed_for_no_node_and_for_all_that_stays(synthesise: Synthesise) -> None:
    def bill(name: str, *, asleep: bool) -> Estimate:
        settings = load_cloud_settings(name).model_copy(update={"suspended": RECORD if asleep else None})
        stacks = synthesise(settings, only=("image_classifier",))
        found = [each for id_, content in stacks.items() for each in declared(id_, content)]
        return estimate(as_billed(found, settings), place_of(settings))

    def lines(found: Estimate) -> dict[str, float]:
        return {line.what: float(line.monthly.high) for line in found.lines}

    gke, gke_asleep = (lines(bill("gke-dev", asleep=asleep)) for asleep in (False, True))
    nodes = {"nodes, n1-standard-1, preemptible", "boot disks, pd-standard", "public addresses of nodes"}
    assert {what for what in gke if gke[what] != gke_asleep[what]} == nodes
    assert {gke_asleep[what] for what in nodes} == {0}

    aks, aks_asleep = (lines(bill("aks-dev", asleep=asleep)) for asleep in (False, True))
    gone = {what.partition(",")[0] for what in aks.keys() - aks_asleep.keys()}
    assert gone == {"nodes", "system disks of nodes", "logs"}
    assert "public address of the way out" in aks_asleep
    assert "system disks of stopped nodes" in {each.what for each in bill("aks-dev", asleep=True).unpriced}


@pytest.mark.parametrize(
    ("name", "cluster", "server", "program"),
    [
        (
            "gke-dev",
            {"endpoint": "192.0.2.1", "master_auth": [{"cluster_ca_certificate": "Q0E="}]},
            "https://192.0.2.1",
            "gke-gcloud-auth-plugin",
        ),
        (
            "aks-dev",
            {"kube_config": [{"host": "https://it:443", "cluster_ca_certificate": "Q0E="}]},
            "https://it:443",
            "kubelogin",
        ),
    ],
)
def test_the_way_to_a_cluster_is_that_of_terraforms_provider(
    name: str, cluster: dict[str, Any], server: str, program: str, synthesise: Synthesise
) -> None:
    stacks = synthesise(load_settings(name), only=("image_classifier",))
    (provider,) = stacks[f"{name}-image-classifier"]["provider"]["kubernetes"]
    (login,) = provider["exec"]

    found = kubeconfig(cluster, login)

    assert found["clusters"][0]["cluster"] == {"server": server, "certificate-authority-data": "Q0E="}
    assert found["users"][0]["user"]["exec"]["command"] == program
    assert found["users"][0]["user"]["exec"]["args"] == login.get("args", [])


@pytest.mark.slow
def test_a_rehearsed_cluster_sleeps_and_wakes_and_its_file_is_as_before(
    checkout: Path, tmp_path: Path, modelyard_command: Command
) -> None:
    rehearsal = Rehearsal("gke-dev", tmp_path / "rehearsal", only="gke-dev-cluster")
    file = checkout / "environments" / "gke-dev.toml"
    before = file.read_text()

    def autoscalers() -> int:
        state = json.loads((rehearsal.states / "gke-dev-cluster.tfstate").read_text())
        (pool,) = [each for each in state["resources"] if each["type"] == "google_container_node_pool"]
        return len(pool["instances"][0]["attributes"]["autoscaling"])

    with SimulatedProviders(rehearsal.world) as providers:
        run = functools.partial(modelyard_command, **rehearsal.variables(), **providers.environment)
        nothing = run("suspend", "gke-dev", "--yes")
        assert "gke-dev has no cluster that could sleep: gke-dev-cluster is not deployed" in nothing.stderr
        assert (nothing.returncode, file.read_text()) == (1, before)
        shutil.rmtree(rehearsal.states, ignore_errors=True)
        shutil.rmtree(rehearsal.output)
        write(rehearsal)
        deploy(rehearsal, providers.environment)
        assert autoscalers() == 1
        for _ in range(2):
            asleep = run("suspend", "gke-dev", "--yes")
            assert asleep.returncode == 0, asleep.stderr
            assert re.search(r"a month at list prices: \$\d+-\d+ before, \$\d+-\d+ after", asleep.stdout)
            assert "  control plane: $73.00" in asleep.stdout
            assert autoscalers() == 0
        assert tomlkit.parse(file.read_text())["suspended"]

        awake = run("resume", "gke-dev")
        assert awake.returncode == 0, awake.stderr
        assert autoscalers() == 1
    assert file.read_text() == before
