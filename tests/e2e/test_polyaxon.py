"""Polyaxon's chart in the pinned version, rendered by real Helm for a real API server; its PostgreSQL's password."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.add_ons.polyaxon import database, network
from stacks.add_ons.polyaxon.stack import CHART
from stacks.add_ons.polyaxon.values import AGENT, API, OPERATOR, values
from stacks.paths import ROOT
from tests.e2e.conftest import Proof
from tests.e2e.local_cluster import kubectl

NAMESPACE = "polyaxon-e2e"
# What the index of the chart repository says of this version.
SHA256 = {"2.15.1": "b14be0e343f761c6609bafe7fed2822ec54efecbe2b9eb6f4c19033a6f1ff4bd"}
CLAIM = {"name": "artifacts", "kind": "volume_claim", "schema": {"volumeClaim": "artifacts", "mountPath": "/artifacts"}}
Object = dict[str, Any]


@pytest.fixture(scope="module")
def chart(helm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart's archive: in the folder that MODELYARD_CHARTS names, else from the chart repository."""
    name = f"{CHART['chart']}-{CHART['version']}.tgz"
    kept = Path(os.environ.get("MODELYARD_CHARTS", "")) / name
    if not kept.is_file():
        kept = tmp_path_factory.mktemp("charts") / name
        pull = [str(helm), "pull", CHART["chart"], "--repo", CHART["repository"], "--version", CHART["version"]]
        pulled = subprocess.run(
            [*pull, "--destination", str(kept.parent)], capture_output=True, check=False, timeout=60
        )
        if pulled.returncode:
            pytest.skip(f"{CHART['repository']} was not reached and MODELYARD_CHARTS has no {name}: chart not rendered")
    assert sha256(kept.read_bytes()).hexdigest() == SHA256[CHART["version"]]
    return kept


@pytest.fixture(scope="module")
def rendered(helm: Path, chart: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    """What the chart makes of the add-on's values."""
    given = tmp_path_factory.mktemp("values") / "values.json"
    given.write_text(
        json.dumps(values(credentials="a-secret", pod_annotations={"example.com/r": "1"}, artifacts_store=CLAIM))
    )
    command = [str(helm), "template", "polyaxon", str(chart), "--namespace", NAMESPACE, "--values", str(given)]
    printed = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    return [each for each in yaml.safe_load_all(printed) if each]


@pytest.fixture
def namespace(kubeconfig: str, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Makes the namespace for a Pod Security Standard, and warns of what is not `restricted`."""

    def make(standard: str) -> None:
        labels = {
            f"pod-security.kubernetes.io/{mode}": level
            for mode, level in (("enforce", standard), ("warn", "restricted"))
        }
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}
        file = tmp_path / "namespace.json"
        file.write_text(json.dumps(manifest))
        kubectl(kubeconfig, "apply", "-f", str(file))

    yield make
    kubectl(kubeconfig, "delete", "namespace", NAMESPACE, "--ignore-not-found")


def tried(kubeconfig: str, objects: Sequence[Mapping[str, object]]) -> subprocess.CompletedProcess[str]:
    """What the API server says of objects that it does not keep."""
    command = ["kubectl", "apply", "-n", NAMESPACE, "--server-side", "--dry-run=server", "-f", "-"]
    return subprocess.run(
        command,
        input=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}),
        env={**os.environ, "KUBECONFIG": kubeconfig},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def containers(objects: list[Object]) -> dict[str, Object]:
    """The only container of each Deployment, by the Deployment's name."""
    found = {each["metadata"]["name"]: each for each in objects if each["kind"] == "Deployment"}
    return {name: each["spec"]["template"]["spec"]["containers"][0] for name, each in found.items()}


def test_the_api_server_takes_all_that_the_chart_makes(
    rendered: list[Object], kubeconfig: str, namespace: Callable[[str], None], proof: Proof
) -> None:
    namespace("baseline")

    done = tried(kubeconfig, rendered)

    assert (done.returncode, done.stdout.count("(server dry run)")) == (0, len(rendered)), done.stderr
    proof(f"Polyaxon {CHART['version']}: {len(rendered)} objects of its chart are taken by a real API server")


def test_the_pods_of_the_chart_request_what_is_counted(rendered: list[Object]) -> None:
    expected = {
        each.name: {"requests": each.resources.requests, "limits": each.resources.limits}
        for each in (API, AGENT, OPERATOR)
    }

    assert {name: container["resources"] for name, container in containers(rendered).items()} == expected
    assert {each["spec"]["replicas"] for each in rendered if each["kind"] == "Deployment"} == {1}


def test_nothing_of_the_chart_is_public_and_the_gateway_is_what_the_network_policy_names(
    rendered: list[Object],
) -> None:
    (service,) = [each for each in rendered if each["kind"] == "Service"]
    (api,) = [each for each in rendered if each["metadata"]["name"] == API.name]
    gateway, _ = network.manifests(environment="any")

    selected = gateway["spec"]["podSelector"]["matchLabels"]  # type: ignore[index]  # of a dict of dicts
    assert service["spec"]["type"] == "ClusterIP"
    assert selected.items() <= api["spec"]["template"]["metadata"]["labels"].items()
    assert service["spec"]["selector"] == selected


def test_the_api_reads_its_password_from_the_secret_and_no_default_of_the_chart_is_left(rendered: list[Object]) -> None:
    sources = containers(rendered)[API.name]["envFrom"]

    assert "a-secret" in [each["secretRef"]["name"] for each in sources if "secretRef" in each]
    assert containers(rendered)[API.name].get("env") is None
    assert "rootpassword" not in json.dumps([each.get("data") for each in rendered])
    assert "cm9vdHBhc3N3b3Jk" not in json.dumps(rendered)


def test_the_readme_names_every_image_that_never_ran_here(rendered: list[Object]) -> None:
    pods = {container["image"] for container in containers(rendered).values()}
    (config,) = [each["data"] for each in rendered if each["metadata"]["name"] == "polyaxon-polyaxon-agent-config"]
    of_runs = [
        json.loads(value) for key, value in config.items() if key in ("POLYAXON_AGENT_INIT", "POLYAXON_AGENT_SIDECAR")
    ]
    (hook,) = [each["spec"]["template"]["spec"]["containers"][0]["image"] for each in rendered if each["kind"] == "Job"]
    images = {*pods, hook, database.IMAGE, *(f"{each['image']}:{each['imageTag']}" for each in of_runs)}

    readme = (ROOT / "services" / "iris" / "README.md").read_text()
    assert [image for image in sorted(images) if f"`{image}`" not in readme] == []


def test_postgresql_keeps_to_the_strictest_pod_security_standard(
    kubeconfig: str, namespace: Callable[[str], None]
) -> None:
    namespace("restricted")

    done = tried(
        kubeconfig,
        [
            *database.manifests(credentials="a-secret", claim="a-claim", pod_annotations={}),
            *network.manifests(environment="any"),
        ],
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def postgresql() -> Path:
    """The folder of PostgreSQL's programs, 15 or newer."""
    newest = max(Path("/usr/lib/postgresql").glob("*/bin/postgres"), default=None, key=lambda each: int(each.parts[-3]))
    program = newest or shutil.which("postgres")
    if program is None:
        pytest.skip("no PostgreSQL on this machine: the rotation of its password was not tried")
    return Path(program).parent


# As docker.io/library/postgres sets it up; on another address than loopback it asks for a password.
SET_UP = """
initdb --username=polyaxon --pwfile=<(printf first) --pgdata=data
echo 'host all all all scram-sha-256' >> data/pg_hba.conf
pg_ctl --pgdata=data --options="-c listen_addresses='*' -k $PWD" --log=log --wait start
createdb --host=127.0.0.1 --username=polyaxon polyaxon
"""


def test_postgresql_takes_the_secrets_password_at_each_start(postgresql: Path, tmp_path: Path, proof: Proof) -> None:
    # PostgreSQL refuses to run as root, and others may not enter pytest's folders.
    as_other = ["setpriv", "--reuid=nobody", "--clear-groups"] if os.geteuid() == 0 else []
    folder = Path(f"/tmp/{tmp_path.parent.parent.name}-{tmp_path.name}-{os.getpid()}")  # noqa: S108 - removed below
    folder.mkdir()
    if as_other:
        shutil.chown(folder, "nobody")
    with socket.create_server(("", 0)) as free:
        port = str(free.getsockname()[1])
    path = f"{postgresql}{os.pathsep}{os.environ['PATH']}"

    def bash(script: str, password: str) -> int:
        variables = {"PATH": path, "PGPORT": port, "POSTGRES_PASSWORD": password, "PGPASSWORD": password}
        command = [*as_other, "bash", "-ec", script]
        return subprocess.run(
            command, cwd=folder, env=variables, capture_output=True, timeout=60, check=False
        ).returncode

    log_in = "psql --host=$(hostname -I | cut -d' ' -f1) --username=polyaxon --no-password --command='select 1'"
    try:
        assert bash(SET_UP, "first") == 0
        assert (bash(log_in, "first"), bash(log_in, "second")) == (0, 2)

        assert bash(database.TAKE_PASSWORD, "second 'with' \"quotes\"") == 0

        assert (bash(log_in, "first"), bash(log_in, "second 'with' \"quotes\"")) == (2, 0)
    finally:
        bash("pg_ctl --pgdata=data --mode=immediate stop", "")
        shutil.rmtree(folder)
    proof("PostgreSQL's password follows the Secret: the old one is refused, the new one logs in")
