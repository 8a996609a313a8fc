"""Programs that other tests run, built from their source: in minutes each, beside the tests that have the cluster."""

import subprocess
from pathlib import Path

from stacks.add_ons.argo_workflows.values import VERSION
from tests.e2e.gateway import traefik_version


def printed(*command: str | Path) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True, timeout=60)
    return done.stdout


def test_traefik_is_of_the_version_that_its_chart_deploys(traefik: Path) -> None:
    assert traefik_version() in printed(traefik, "version")


def test_kserves_controller_knows_its_options(kserve_build: Path) -> None:
    assert "-leader-elect" in printed(kserve_build / "manager", "--help")


def test_argo_is_of_the_version_that_is_deployed(argo_build: Path) -> None:
    assert VERSION in printed(argo_build / "argo", "version", "--short")
