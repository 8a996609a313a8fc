"""Dashboards: taken by Grafana's own types, and each panel asked of a real Prometheus that scrapes a real service."""

import json
import math
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tomlkit
import urllib3

from stacks.add_ons.monitoring import prometheus
from tests.e2e.clusters import Cluster
from tests.e2e.conftest import Proof
from tests.e2e.local_cluster import Local, kubectl, predict, wait_until
from tests.e2e.monitoring import Prometheus, build_programs, rendered, running_prometheus
from tests.e2e.programs import cache_folder

SERVICE = "image-classifier"
# In the place of Grafana's variable, which depends on the width of the screen.
WINDOW = "2m"
# The add-on's own stack would fetch charts and images: the tests bring those of Prometheus in another way.
STACK = '''
from stacks.add_on import AddOnStack


class Elsewhere(AddOnStack):
    def declare(self) -> None:
        """Nothing."""


STACK = Elsewhere
'''
TYPED = """
import type {{Dashboard}} from "@grafana/schema";
export const dashboard: Dashboard = {dashboard};
"""


@pytest.fixture(scope="module")
def deployed(
    base_images: None, local_with: Callable[[str], Local], weights: list[str]
) -> Iterator[tuple[Local, str, str]]:
    """The classifier, monitored; with where it answers and what `modelyard up` has printed."""
    local = local_with("image_classifier")
    (local.checkout / "stacks" / "add_ons" / "monitoring" / "stack.py").write_text(STACK)
    file = local.checkout / "environments" / "local.toml"
    document = tomlkit.parse(file.read_text())
    document["add_ons"]["monitoring"]["deployed"] = True
    file.write_text(tomlkit.dumps(document))
    done = local.modelyard("up", "local", *weights)
    assert done.returncode == 0, done.stderr
    (url,) = re.findall(r"local-image-classifier answers at (\S+)", done.stdout)
    yield local, url, done.stdout
    local.modelyard("teardown", "local")


@pytest.fixture(scope="module")
def server(cluster: Cluster, helm: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    if shutil.which("go") is None:
        pytest.skip("no Go: Prometheus cannot be built, no panel was asked of it")
    folder = tmp_path_factory.mktemp("monitoring")
    objects = rendered(helm, prometheus.CHART, prometheus.values(claim="prometheus"), folder)
    with running_prometheus(cluster, build_programs(cache_folder()), objects, folder) as running:
        yield running


@pytest.fixture(scope="module")
def dashboard(deployed: tuple[Local, str, str], kubeconfig: str) -> dict[str, Any]:
    """What the service's deploy has put into the cluster for Grafana."""
    labelled = kubectl(kubeconfig, "get", "configmaps", "-A", "-l", "grafana_dashboard=1", "-o", "json")
    (found,) = [each for each in json.loads(labelled)["items"] if each["metadata"]["namespace"] == SERVICE]
    ((name, content),) = found["data"].items()
    assert name == f"{SERVICE}.json"
    return dict(json.loads(content))


def queries(dashboard: dict[str, Any]) -> dict[str, str]:
    """PromQL by panel and line."""
    return {
        f"{panel['title']}: {target['legendFormat']}": target["expr"].replace("$__rate_interval", WINDOW)
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
    }


def scrape(server: Prometheus) -> None:
    """Waits for the next sample of the service."""
    before = server.value(f'timestamp(up{{job="pods",namespace="{SERVICE}"}})')
    wait_until("a scrape", lambda: server.value(f'timestamp(up{{job="pods",namespace="{SERVICE}"}})') > before)


def test_up_prints_the_link_to_the_dashboard(deployed: tuple[Local, str, str]) -> None:
    assert f"dashboard = http://localhost:3000/d/{SERVICE}" in deployed[2]


def test_prometheus_finds_the_pods_by_their_annotations(deployed: tuple[Local, str, str], server: Prometheus) -> None:
    jobs = {"pods", "kube-state-metrics", "cadvisor"}
    wait_until("every job is scraped", lambda: {each["job"] for each, up in server.query("up") if up} == jobs)
    wait_until("the classifier is scraped", lambda: server.query(f'up{{job="pods",namespace="{SERVICE}"}} == 1'))


def test_every_panel_shows_what_was_sent(
    deployed: tuple[Local, str, str], server: Prometheus, dashboard: dict[str, Any], proof: Proof
) -> None:
    _, url, _ = deployed
    wait_until("the classifier is scraped", lambda: server.query(f'up{{job="pods",namespace="{SERVICE}"}} == 1'))

    def send(pictures: int, wrong: int) -> None:
        for _ in range(pictures):
            assert predict(url).status == 200
        for _ in range(wrong):
            assert urllib3.request("POST", f"{url}predict", body=b"no picture", timeout=10).status >= 400

    # A counter's first sample is no increase: there has to be one before. In the same proportion, since Prometheus
    # extrapolates each series to the ends of its window, but not to less than zero.
    send(15, 5)
    wait_until("both are scraped", lambda: len(server.query("image_classifier_requests_total")) == 2)
    scrape(server)
    sent_before = server.value("sum(image_classifier_requests_total)")
    send(15, 5)
    wait_until("all are scraped", lambda: server.value("sum(image_classifier_requests_total)") == sent_before + 20)
    scrape(server)

    now = time.time()
    shown = {name: server.query(query, at=now) for name, query in queries(dashboard).items()}

    assert {name for name, series in shown.items() if not series} == set()
    assert {name for name, series in shown.items() if any(math.isnan(value) for _, value in series)} == set()
    figures = {name: sum(value for _, value in series) for name, series in shown.items()}
    assert figures["Requests: {{outcome}}"] * 120 == pytest.approx(20, rel=0.35)
    assert {each["outcome"] for each, _ in shown["Requests: {{outcome}}"]} > {"ok"}
    assert figures["Errors: all errors"] == pytest.approx(0.25, abs=0.002)
    assert figures["Errors: {{outcome}}"] == pytest.approx(figures["Errors: all errors"])
    assert 0 < figures["Latency: p50"] <= figures["Latency: p95"] <= figures["Latency: p99"] < 25
    assert 0 < figures["CPU: {{pod}}"] < 1.2
    assert 0 <= figures["CPU throttled: {{pod}}"] <= 1
    assert 0.05 < figures["Memory: {{pod}}"] < 1
    assert figures["In flight: {{pod}}"] == 0
    assert (figures["Replicas: wanted"], figures["Replicas: ready"], figures["Restarts: {{pod}}"]) == (1, 1, 0)
    listed = ", ".join(f"{name} {figure:.3f}" for name, figure in figures.items())
    proof(f"the classifier's dashboard, after 20 requests in two minutes of which 5 were wrong: {listed}")
    used = server.value('sum(container_memory_working_set_bytes{namespace="monitoring",pod=~"prometheus-.*"})')
    series = server.value("sum(scrape_samples_post_metric_relabeling)")
    proof(f"Prometheus takes {used / 2**20:.0f} MiB with {series:.0f} series")


def test_logs_are_shown_by_the_command_on_the_dashboard(
    deployed: tuple[Local, str, str], dashboard: dict[str, Any], kubeconfig: str
) -> None:
    (panel,) = [each for each in dashboard["panels"] if each["type"] == "text"]
    (command,) = re.findall("^kubectl (.*) --follow$", panel["options"]["content"], re.MULTILINE)

    predict(deployed[1])

    wait_until("the request is in the log", lambda: '"outcome"' in kubectl(kubeconfig, *command.split()))


def test_grafanas_own_types_take_the_dashboard_and_no_misspelt_one(
    dashboard: dict[str, Any], grafana_schema: Path, proof: Proof
) -> None:
    def said(given: dict[str, Any]) -> str:
        (file := grafana_schema / "dashboard.ts").write_text(TYPED.format(dashboard=json.dumps(given)))
        options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2022", "--skipLibCheck"]
        compiler = grafana_schema / "node_modules" / ".bin" / "tsc"
        done = subprocess.run(
            [compiler, *options, file], capture_output=True, text=True, check=False, cwd=grafana_schema, timeout=120
        )
        return done.stdout

    assert said(dashboard) == ""
    assert '"refrsh"' in said(dashboard | {"refrsh": "30s"})
    proof("the classifier's dashboard is of the types of @grafana/schema 13.2.3")
