"""Prometheus and kube-state-metrics as the add-on deploys them, on a real cluster, built from their sources."""

import json
import os
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
from tests.e2e.go_modules import build, module_folder
from tests.e2e.local_cluster import kubectl
from tests.e2e.node_images import load_program

NAMESPACE = "monitoring"
Object = dict[str, Any]

_PROMETHEUS = "v0.314.0"  # what Prometheus 3.14.0 is called as a Go module
_STATE_METRICS = "v2.20.0"
# Of the ways to find targets, the one that is used: cloud providers' libraries take long to build.
_TAGS = ("netgo", "remove_all_sd", "enable_kubernetes_sd")


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
    server = cache / f"prometheus-{_PROMETHEUS}" / "prometheus"
    build(module_folder("github.com/prometheus/prometheus", _PROMETHEUS), "./cmd/prometheus", server, *_TAGS)
    metrics = cache / f"kube-state-metrics-{_STATE_METRICS}" / "kube-state-metrics"
    build(module_folder("k8s.io/kube-state-metrics/v2", _STATE_METRICS), ".", metrics)
    return {server.name: server, metrics.name: metrics}


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
