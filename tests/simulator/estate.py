"""Terraform in a folder of its own, and the configurations that the tests share."""

import copy
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from simulator import SimulatedProviders

Config = dict[str, Any]

PROJECT = "acme"
REGION = "us-central1"
IMAGE = f"{REGION}-docker.pkg.dev/{PROJECT}/models/web:1"
APIS = ("artifactregistry", "compute", "container", "iam")


class Terraform:
    """One folder with a configuration and a state, used with simulated providers."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self._environment = environment

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["terraform", *arguments], cwd=self.folder, env=self._environment, stdout=subprocess.DEVNULL
        )

    def write(self, resources: Config, **others: Any) -> None:  # noqa: ANN401 - blocks of any form
        """Writes the configuration, with just the providers that it uses: each one costs Terraform time."""
        providers = {"google": {"project": PROJECT, "region": REGION}} | others.pop("provider", {})
        used = {type_name.partition("_")[0] for type_name in [*resources, *others.get("data", {})]}
        config = {
            "terraform": {"required_providers": {name: {"source": f"hashicorp/{name}"} for name in sorted(used)}},
            "provider": {name: one for name, one in providers.items() if name in used},
            "resource": resources,
            **others,
        }
        (self.folder / "main.tf.json").write_text(json.dumps({name: block for name, block in config.items() if block}))

    def apply(self, *arguments: str) -> str:
        """Applies and gives what Terraform printed; an error fails the test."""
        done = self.run("apply", "-auto-approve", "-no-color", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, verb: str = "apply") -> str:
        """Gives the errors of an apply or destroy that must fail, on one line."""
        done = self.run(verb, "-auto-approve", "-no-color")
        assert done.returncode == 1, done.stdout
        return " ".join(done.stderr.replace("│", " ").split())

    def destroy(self) -> None:
        done = self.run("destroy", "-auto-approve", "-no-color")
        assert done.returncode == 0, done.stderr

    def changes(self) -> dict[str, str]:
        """Plans, and gives the action for each address that changes: create, update, replace, delete."""
        planned = self.run("plan", "-json", "-lock=false")
        assert planned.returncode == 0, planned.stdout
        messages = [json.loads(line) for line in planned.stdout.splitlines()]
        changes = [message["change"] for message in messages if message["type"] == "planned_change"]
        return {change["resource"]["addr"]: change["action"] for change in changes}

    def has_changes(self) -> bool:
        return bool(self.changes())

    def outputs(self) -> dict[str, Any]:
        return {name: one["value"] for name, one in json.loads(self.run("output", "-json").stdout).items()}


def environment_with(providers: SimulatedProviders) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    # Terraform lives for a second here: without collecting garbage it takes a third less of it.
    return {**own, **providers.environment, "CHECKPOINT_DISABLE": "1", "GOGC": "off"}


HOST = "https://${google_container_cluster.cluster.endpoint}"


def image_repository() -> Config:
    arguments = {"location": REGION, "repository_id": "models", "format": "DOCKER"}
    return {"google_artifact_registry_repository": {"models": arguments}}


def cluster(name: str, **pool: Any) -> Config:  # noqa: ANN401 - arguments of any type
    """A regional cluster with one pool of at most three n1-standard-1."""
    node_config = {"machine_type": "n1-standard-1"} | pool.pop("node_config", {})
    return {
        "google_container_cluster": {
            "cluster": {
                "name": name,
                "location": REGION,
                "initial_node_count": 1,
                "remove_default_node_pool": True,
                "deletion_protection": False,
            }
        },
        "google_container_node_pool": {
            "pool": {
                "name": "pool",
                "cluster": "${google_container_cluster.cluster.id}",
                "autoscaling": {"total_min_node_count": 0, "total_max_node_count": 3},
                "node_config": node_config,
                **pool,
            }
        },
    }


def namespace(name: str) -> Config:
    return {"kubernetes_namespace_v1": {"namespace": {"metadata": {"name": name}}}}


def absent_service(name: str, namespace: str) -> Config:
    """What the data source says of a Service that is not there; tests/e2e/test_gateway.py asks the real provider."""
    given = {"annotations": {}, "generation": 0, "labels": {}, "name": name, "namespace": namespace}
    metadata = {**given, "resource_version": "", "uid": ""}
    return {"id": f"{namespace}/{name}", "metadata": [metadata], "spec": None, "status": None}


def deployment(
    name: str,
    namespace: str,
    *,
    image: str = IMAGE,
    replicas: int = 1,
    cpu: str = "10m",
    **pod: Any,  # noqa: ANN401
) -> Config:
    """The arguments of a kubernetes_deployment_v1; `pod` adds to or replaces parts of its only container."""
    labels = {"app": name}
    requests = {"cpu": cpu, "memory": "64Mi"}
    container = {"name": name, "image": image, "resources": {"requests": requests}} | pod.pop("container", {})
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "selector": {"match_labels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"container": [container], **pod}},
        },
    }


def changed(config: Config, path: str, value: Any) -> Config:  # noqa: ANN401 - a value of any type
    """Gives a copy with another value at a path: `metadata.name`."""
    config = copy.deepcopy(config)
    *parents, last = path.split(".")
    inner = config
    for name in parents:
        inner = inner[name]
    inner[last] = value
    return config
