"""What Terraform does with resources from the first apply to the last destroy."""

import base64
import ipaddress
import subprocess
import sys
from pathlib import Path

import pytest

from simulator import SimulatedProviders, World
from tests.simulator.conftest import NewTerraform
from tests.simulator.estate import (
    APIS,
    HOST,
    IMAGE,
    Config,
    Terraform,
    cluster,
    deployment,
    environment_with,
    image_repository,
    namespace,
)

# Real Terraform, again and again.
pytestmark = pytest.mark.slow

BUCKET = {"google_storage_bucket": {"bucket": {"name": "models", "location": "US"}}}


def test_an_estate_is_made_planned_without_change_and_destroyed(tmp_path: Path) -> None:
    world = World(tmp_path / "world")
    world.set_built_images([IMAGE])
    with SimulatedProviders(world.folder) as providers:
        estate, service = (Terraform(tmp_path / name, environment_with(providers)) for name in ("estate", "service"))
        apis = {"google_project_service": {api: {"service": f"{api}.googleapis.com"} for api in APIS}}
        needs_apis = {"depends_on": [f"google_project_service.{api}" for api in APIS]}
        resources = cluster("main") | image_repository() | BUCKET | apis
        for type_name in ("google_container_cluster", "google_artifact_registry_repository"):
            for arguments in resources[type_name].values():
                arguments.update(needs_apis)
        certificate = "${google_container_cluster.cluster.master_auth[0].cluster_ca_certificate}"
        estate.write(resources, output={"certificate": {"value": certificate, "sensitive": True}})
        estate.apply()
        assert not estate.has_changes()
        assert base64.b64decode(estate.outputs()["certificate"]).startswith(b"-----BEGIN CERTIFICATE-----")

        found = {"google_container_cluster": {"cluster": {"name": "main", "location": "us-central1"}}}
        service.write(
            namespace("web")
            | {"kubernetes_deployment_v1": {"web": deployment("web", "${kubernetes_namespace_v1.namespace.id}")}}
            | {"kubernetes_service_v1": {"web": load_balancer("web", "${kubernetes_namespace_v1.namespace.id}")}},
            provider={"kubernetes": {"host": HOST.replace("google_", "data.google_")}},
            data=found,
            output={"address": {"value": ADDRESS}},
        )
        service.apply()
        assert not service.has_changes()
        assert ipaddress.ip_address(service.outputs()["address"]) in ipaddress.ip_network("203.0.113.0/24")

        service.destroy()
        estate.destroy()
        assert world.contents() == []


ADDRESS = "${kubernetes_service_v1.web.status[0].load_balancer[0].ingress[0].ip}"


def load_balancer(name: str, namespace: str) -> Config:
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"type": "LoadBalancer", "selector": {"app": name}, "port": [{"port": 80}]},
    }


def test_a_changed_argument_updates_in_place(terraform: Terraform) -> None:
    terraform.write({"google_storage_bucket": {"bucket": {"name": "updated", "location": "US"}}})
    terraform.apply()
    labels = {"team": "vision"}
    terraform.write({"google_storage_bucket": {"bucket": {"name": "updated", "location": "US", "labels": labels}}})
    assert terraform.changes() == {"google_storage_bucket.bucket": "update"}
    terraform.apply()
    assert not terraform.has_changes()


def test_a_resource_type_without_rules_of_its_own_works(terraform: Terraform) -> None:
    topic = {"name": "events"}
    terraform.write({"google_pubsub_topic": {"topic": topic}})
    terraform.apply()
    assert not terraform.has_changes()
    terraform.write({"google_pubsub_topic": {"topic": topic | {"message_retention_duration": "600s"}}})
    assert terraform.changes() == {"google_pubsub_topic.topic": "update"}
    terraform.write({"google_pubsub_topic": {"topic": {"name": "other"}}})
    assert terraform.changes() == {"google_pubsub_topic.topic": "replace"}
    terraform.destroy()


def test_what_others_changed_or_deleted_is_planned(terraform: Terraform, world: World) -> None:
    buckets = {name: {"name": name, "location": "US"} for name in ("drifted", "deleted")}
    terraform.write({"google_storage_bucket": buckets})
    terraform.apply()
    values = world.google.get("google_storage_bucket", "drifted")
    assert values is not None
    world.google.put("google_storage_bucket", "drifted", values | {"storage_class": "NEARLINE"})
    world.google.delete("google_storage_bucket", "deleted")
    assert terraform.changes() == {
        "google_storage_bucket.drifted": "update",
        "google_storage_bucket.deleted": "create",
    }


def test_what_exists_is_imported(new_terraform: NewTerraform, enabled_apis: None) -> None:
    network = {"name": "imported", "auto_create_subnetworks": False}
    maker, importer = new_terraform(), new_terraform()
    maker.write({"google_compute_network": {"network": network}})
    maker.apply()
    importer.write(
        {"google_compute_network": {"network": network}},
        **{"import": [{"to": "google_compute_network.network", "id": "imported"}]},
    )
    assert "1 imported, 0 added, 0 changed" in importer.apply()
    importer.write(
        {"google_compute_network": {"network": network, "missing": {"name": "missing"}}},
        **{"import": [{"to": "google_compute_network.missing", "id": "missing"}]},
    )
    assert "Cannot import non-existent remote object" in importer.refused()


def test_two_terraform_processes_reach_their_own_clusters(
    enabled_apis: None, new_terraform: NewTerraform, world: World
) -> None:
    stacks = []
    for name in ("left", "right"):
        estate, stack = new_terraform(), new_terraform()
        estate.write(cluster(name), output={"host": {"value": HOST}})
        estate.apply()
        objects = {f"object{i}": {"metadata": {"name": f"{name}{i}"}, "data": {"from": name}} for i in range(5)}
        host = estate.outputs()["host"]
        stack.write({"kubernetes_config_map_v1": objects}, provider={"kubernetes": {"host": host}})
        stacks.append((name, host.removeprefix("https://"), stack))
    running = [stack.start("apply", "-auto-approve") for _, _, stack in stacks]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    for name, endpoint, _ in stacks:
        made = world.cluster(endpoint).all("config_map")
        assert sorted(made) == [f"default/{name}{i}" for i in range(5)]


def test_the_world_survives_a_killed_simulator(tmp_path: Path) -> None:
    with SimulatedProviders(tmp_path / "world") as providers:
        terraform = Terraform(tmp_path / "stack", environment_with(providers))
        terraform.write(BUCKET)
        terraform.apply()
        providers.process.kill()
        providers.process.wait()
    with SimulatedProviders(tmp_path / "world") as providers:
        again = Terraform(tmp_path / "stack", environment_with(providers))
        assert not again.has_changes()


def test_the_simulator_ends_with_the_program_that_uses_it(tmp_path: Path) -> None:
    with SimulatedProviders(tmp_path / "world") as providers:
        assert providers.process.poll() is None
    assert providers.process.returncode == 0

    command = [sys.executable, "-m", "simulator", "--world", str(tmp_path / "world"), "--until-stdin-closes"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert b"hashicorp/google" in process.stdout.readline()
        # The end of a killed parent's pipe looks the same.
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_a_helm_release_is_recorded_in_its_cluster(kubernetes: Config, new_terraform: NewTerraform) -> None:
    terraform = new_terraform()
    release: Config = {"name": "release", "chart": "./chart", "namespace": "charts"}
    provider = {"helm": {"kubernetes": kubernetes["kubernetes"]}}
    terraform.write({"helm_release": {"release": release}}, provider=provider)
    assert 'namespaces "charts" not found' in terraform.refused()
    release["create_namespace"] = True
    terraform.write({"helm_release": {"release": release}}, provider=provider)
    terraform.apply()
    assert not terraform.has_changes()
    release |= {"chart": "./changed", "values": ["manifests: []"]}
    terraform.write({"helm_release": {"release": release}}, provider=provider)
    assert terraform.changes() == {"helm_release.release": "update"}
    terraform.apply()
    assert not terraform.has_changes()
    terraform.destroy()


def test_a_write_only_argument_is_never_kept(kubernetes: Config, terraform: Terraform, world: World) -> None:
    secret = {"metadata": {"name": "written"}, "data_wo": {"key": "confidential"}, "data_wo_revision": 1}
    terraform.write({"kubernetes_secret_v1": {"secret": secret}}, provider=kubernetes)
    terraform.apply()
    kept = [terraform.folder / "terraform.tfstate", *world.folder.rglob("written.json")]
    assert len(kept) == 2
    assert not any("confidential" in file.read_text() for file in kept)
