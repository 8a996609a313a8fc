"""Prometheus and kube-state-metrics as the add-on deploys them, on a real cluster, built from their sources."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from modelyard import PublishedChart

import pytest
import yaml

from stacks.add_ons.monitoring import access, prometheus
from tests.e2e.clusters import Cluster
from tests.e2e.disks import disk
from tests.e2e.local_cluster import kubectl
from tests.e2e.node_images import load_program

NAMESPACE = "monitoring"
Object = dict[str, Any]

_PROMETHEUS = "v0.314.0"  # what Prometheus 3.14.0 is called as a Go module
_STATE_METRICS = "v2.20.0"
# Of the ways to find targets, the one that is used: cloud providers' libraries take long to build.
_TAGS = ["-tags", "netgo,remove_all_sd,enable_kubernetes_sd"]


@dataclass(frozen=True)
class Prometheus:
    """A server that scrapes the cluster.

    Attributes:
        kubeconfig: Of the cluster.
    """

    kubeconfig: str

    def query(self, expression: str, *, at: float | None = None) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series, now or at that time; asked through the API server."""
        path = f"/api/v1/namespaces/{NAMESPACE}/services/{prometheus.SERVER.name}:{prometheus.PORT}/proxy"
        asked = f"{path}/api/v1/query?query={quote(expression)}{f'&time={at}' if at else ''}"
        answer = json.loads(kubectl(self.kubeconfig, "get", "--raw", asked))
        return [(each["metric"], float(each["value"][1])) for each in answer["data"]["result"]]

    def value(self, expression: str) -> float:
        """That of the only series."""
        ((_, value),) = self.query(expression)
        return value


def rendered(helm: Path, chart: PublishedChart, values: dict[str, object], folder: Path) -> list[Object]:
    """What a chart makes of values; its archive is in MODELYARD_CHARTS, or in the chart repository."""
    name = f"{chart['chart']}-{chart['version']}.tgz"
    archive = Path(os.environ.get("MODELYARD_CHARTS", "")) / name
    if not archive.is_file():
        archive = folder / name
        options = ["--repo", chart["repository"], "--version", chart["version"], "--destination", str(folder)]
        pulled = subprocess.run([helm, "pull", chart["chart"], *options], capture_output=True, check=False, timeout=60)
        if pulled.returncode:
            pytest.skip(f"{chart['repository']} was not reached and MODELYARD_CHARTS has no {name}: chart not rendered")
    (file := folder / f"{chart['chart']}.json").write_text(json.dumps(values))
    options = ["--namespace", NAMESPACE, "--kube-version", "1.34.0", "--values", str(file)]
    command = [str(helm), "template", chart["chart"], str(archive), *options]
    printed = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    return [each for each in yaml.safe_load_all(printed) if each]


def build_programs(cache: Path) -> dict[str, Path]:
    """The programs by the names of their Deployments; built on first use, in minutes."""
    return {
        "prometheus": _built(cache, "github.com/prometheus/prometheus", _PROMETHEUS, "./cmd/prometheus", _TAGS),
        "kube-state-metrics": _built(cache, "k8s.io/kube-state-metrics/v2", _STATE_METRICS, ".", []),
    }


def _built(cache: Path, module: str, version: str, package: str, options: list[str]) -> Path:
    name = module.removesuffix("/v2").rpartition("/")[2]
    program = cache / f"{name}-{version}" / name
    if program.exists():
        return program
    (program.parent / "empty").mkdir(parents=True, exist_ok=True)
    (program.parent / "empty" / "go.mod").write_text("module empty\n")
    command = ["go", "mod", "download", "-json", f"{module}@{version}"]
    printed = subprocess.run(command, cwd=program.parent / "empty", capture_output=True, check=True, timeout=600).stdout
    source = program.parent / "source"
    shutil.copytree(json.loads(printed)["Dir"], source, dirs_exist_ok=True, copy_function=shutil.copyfile)
    # Its replacements would make `go install` refuse it; a workspace is for its makers.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
    build = ["go", "build", "-trimpath", "-ldflags", "-s -w", *options, "-o", str(program), package]
    subprocess.run(build, cwd=source, env=environment, check=True, timeout=3000)
    shutil.rmtree(source)
    return program


@contextmanager
def running_prometheus(
    cluster: Cluster, programs: dict[str, Path], objects: list[Object], folder: Path
) -> Iterator[Prometheus]:
    """The chart's objects with the add-on's rights, rules and volume, until the block ends.

    Args:
        cluster: Where.
        programs: What `build_programs` has given.
        objects: What the chart has made of the add-on's values; the images become ours.
        folder: For what is made on the way.
    """
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": prometheus.VOLUME_SIZE}}}
    before: list[Object] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}},
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": prometheus.SERVER.name, "namespace": NAMESPACE},
            "spec": claim,
        },
    ]
    for name, program in programs.items():
        load_program(cluster, program, f"localhost/e2e/{name}:1")
    for each in objects:
        if each["kind"] == "Deployment":
            (container,) = each["spec"]["template"]["spec"]["containers"]
            container["image"] = f"localhost/e2e/{each['metadata']['name']}:1"
    granted = [*access.manifests(namespace=NAMESPACE), *objects]
    (file := folder / "monitoring.json").write_text(
        json.dumps({"apiVersion": "v1", "kind": "List", "items": [*before, *granted]})
    )
    (volume := folder / "disk").mkdir()
    claimed = {"namespace": NAMESPACE, "claim": prometheus.SERVER.name, "size": prometheus.VOLUME_SIZE}
    try:
        with disk(cluster.kubeconfig, volume, **claimed):
            kubectl(cluster.kubeconfig, "apply", "--namespace", NAMESPACE, "-f", str(file))
            for name in programs:
                kubectl(cluster.kubeconfig, "rollout", "status", "-n", NAMESPACE, f"deployment/{name}", "--timeout=58s")
            yield Prometheus(cluster.kubeconfig)
    finally:
        command = ["kubectl", "--kubeconfig", cluster.kubeconfig, "delete", "--ignore-not-found", "-n", NAMESPACE]
        subprocess.run([*command, "-f", str(file)], capture_output=True, timeout=180, check=False)
