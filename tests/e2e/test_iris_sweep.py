"""A sweep as eight Jobs on a real cluster, tracked on Polyaxon's real server, against a plain loop.

Polyaxon's own library makes the Jobs from the polyaxonfiles. Its agent and operator, which would create them, and the
two containers that it puts beside each run (they bring artifacts to its store) are images that this test has not: it
creates the Jobs itself, and the SDK in the run sends the model to the server.
"""

import copy
import json
import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, product
from pathlib import Path
from typing import Any

from modelyard.build_context import BuildContext

import pytest
import urllib3

from images.builder import find_builder
from images.loader import load_command
from services.iris.runtime.iris.model import Model
from services.iris.runtime.iris.model_file import pack, sha256, unpack
from services.iris.runtime.iris.parameters import Parameters
from services.iris.runtime.iris.training import train
from services.iris.tests.polyaxon_sdk import server
from services.iris.tests.program import RUNTIME
from stacks.paths import ROOT
from tests.e2e.clusters import Cluster
from tests.e2e.conftest import Proof
from tests.e2e.local_cluster import kubectl, wait_until

NAMESPACE = "iris-sweep"
IN = ("-n", NAMESPACE)
TRACKED = re.compile(r"^tracked as run (\w{32})$", re.MULTILINE)
Promoted = Callable[[], tuple[str, bytes]]
COMPILER = ROOT / "services" / "iris" / "tests" / "polyaxon_sdk" / "compiled_sweep.py"
# What tells a run that Polyaxon's agent has started it; here nobody did.
MANAGED = {"POLYAXON_IS_MANAGED", "POLYAXON_RUN_INSTANCE"}


@dataclass(frozen=True)
class Done:
    """A Job that has ended.

    Attributes:
        succeeded: Whether it is complete; failed otherwise.
        said: What its container printed.
        started: When its container did.
        ended: Likewise.
    """

    succeeded: bool
    said: str
    started: datetime
    ended: datetime


@pytest.fixture(scope="module")
def polyaxon() -> Path:
    """The folder of programs with Polyaxon's SDK and server."""
    target = ".venv-polyaxon/.ready"
    made = subprocess.run(["make", target], cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    if made.returncode:
        pytest.skip(f"no Polyaxon: make {target} failed, the sweep was not tried: {made.stderr.strip()[-200:]}")
    return ROOT / ".venv-polyaxon" / "bin"


@pytest.fixture(scope="module")
def image(cluster: Cluster, kubeconfig: str, base_images: None, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image for training, built and on the node."""
    context = BuildContext(folder=RUNTIME, repository="localhost/iris-training")
    builder = find_builder()
    # No user namespaces for buildah; what pip has installed stays for the next build.
    variables = {**os.environ, "BUILDAH_ISOLATION": "chroot", "BUILDAH_LAYERS": "true"}
    if not builder.has(context.image):
        build = builder.build_command(context.folder, context.image, ["--target", "training"])
        subprocess.run(build, env=variables, check=True, timeout=900)
    archive = tmp_path_factory.mktemp("image") / "image.tar"
    subprocess.run(builder.save_command(context.image, archive), check=True, timeout=300)
    current = kubectl(kubeconfig, "config", "current-context").strip()
    if load := load_command(current, cluster.image_loader, archive):
        subprocess.run(load, check=True, timeout=300)
    archive.unlink()
    return context.image


@pytest.fixture(scope="module")
def url(kubeconfig: str, polyaxon: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Polyaxon's server, where pods reach it: at this machine's address on the way to the node."""
    nodes = json.loads(kubectl(kubeconfig, "get", "nodes", "-o", "json"))["items"]
    (node,) = [each["address"] for each in nodes[0]["status"]["addresses"] if each["type"] == "InternalIP"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect((node, 1))  # sends nothing
        host = way.getsockname()[0]
    with server.running_server(polyaxon, tmp_path_factory.mktemp("server"), host=host) as running:
        yield running


@pytest.fixture(scope="module")
def compiled(polyaxon: Path, image: str, url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Polyaxon makes of sweep.yaml: how many runs at a time, and the Jobs' specs."""
    settings = {**server.settings(tmp_path_factory.mktemp("home")), "POLYAXON_HOST": url}
    command = [str(polyaxon / "python"), str(COMPILER), image]
    printed = subprocess.run(command, env={**os.environ, **settings}, stdout=subprocess.PIPE, check=True, timeout=60)
    return dict(json.loads(printed.stdout))


@pytest.fixture(scope="module")
def namespace(kubeconfig: str) -> Iterator[str]:
    """With the strictest level of Pod Security."""
    kubectl(kubeconfig, "create", "namespace", NAMESPACE)
    kubectl(kubeconfig, "label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
    yield NAMESPACE
    kubectl(kubeconfig, "delete", "namespace", NAMESPACE)


@pytest.fixture(scope="module")
def swept(kubeconfig: str, compiled: dict[str, Any], namespace: str) -> list[Done]:
    """The sweep's Jobs, ended."""
    with ThreadPoolExecutor(compiled["concurrency"]) as pool:
        return list(pool.map(lambda job: finish(kubeconfig, job), compiled["jobs"]))


def finish(kubeconfig: str, spec: dict[str, Any]) -> Done:
    """Creates a Job as Polyaxon's operator does, without what only Polyaxon's agent and images could do."""
    template = spec["template"]
    name = template["metadata"]["name"]
    (container,) = [each for each in template["spec"]["containers"] if each["name"] == "polyaxon-main"]
    container["env"] = [each for each in container["env"] if each["name"] not in MANAGED]
    pod = {**template["spec"], "containers": [container], "initContainers": [], "restartPolicy": "Never"}
    made = {"backoffLimit": 0, "template": {**template, "spec": pod}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": made}
    apply = ["kubectl", "--kubeconfig", kubeconfig, "create", "-n", NAMESPACE, "-f", "-"]
    subprocess.run(apply, input=json.dumps(job), text=True, stdout=subprocess.PIPE, check=True, timeout=60)
    wait_until(f"{name} has ended", lambda: has_ended(kubeconfig, name), seconds=180)
    (pod,) = json.loads(kubectl(kubeconfig, *IN, "get", "pods", "-l", f"job-name={name}", "-o", "json"))["items"]
    state = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    started, ended = (datetime.fromisoformat(state[each]) for each in ("startedAt", "finishedAt"))
    said = kubectl(kubeconfig, *IN, "logs", f"job/{name}")
    return Done(succeeded=state["exitCode"] == 0, said=said, started=started, ended=ended)


def has_ended(kubeconfig: str, job: str) -> bool:
    """Whether a Job is complete or has failed."""
    status = json.loads(kubectl(kubeconfig, *IN, "get", "job", job, "-o", "json"))["status"]
    return bool({each["type"] for each in status.get("conditions", [])} & {"Complete", "Failed"})


def most_at_once(runs: list[Done]) -> int:
    """How many containers ran at the same moment, by Kubernetes' clock; it counts whole seconds."""
    changes = sorted([(run.ended, -1) for run in runs] + [(run.started, 1) for run in runs])
    return max(accumulate(change for _, change in changes))


def best_of_a_plain_loop() -> Model:
    """The best model of the same grid, without Polyaxon and without the command that promotes."""
    models = [train(Parameters(n_neighbors=n, weights=w)) for n, w in product((3, 5, 7, 9), ("uniform", "distance"))]
    return max(
        models,
        key=lambda model: (
            model.scores.accuracy,
            model.scores.f1,
            model.parameters.n_neighbors,
            model.parameters.weights == "uniform",
        ),
    )


@pytest.fixture
def promoted(polyaxon: Path, url: str, tmp_path: Path) -> Promoted:
    """Promotes the best run on the server; gives what the command says, and the model."""

    def promote() -> tuple[str, bytes]:
        destination = tmp_path / "promoted.zip"
        settings = {**os.environ, **server.settings(tmp_path / "home"), "POLYAXON_HOST": url}
        command = [str(polyaxon / "python"), "-m", "iris", "promote", str(destination)]
        done = subprocess.run(
            command, cwd=RUNTIME, env=settings, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout, destination.read_bytes()

    return promote


def test_a_sweep_of_jobs_picks_the_same_model_as_a_plain_loop(
    swept: list[Done],
    compiled: dict[str, Any],
    url: str,
    promoted: Promoted,
    proof: Proof,
) -> None:
    assert [run.said for run in swept if not run.succeeded] == []
    tracked = {uuid: run.said for run in swept for uuid in TRACKED.findall(run.said)}
    listed = urllib3.request("GET", f"{url}/api/v1/{server.PROJECT}/runs", timeout=10).json()["results"]
    assert {run["uuid"] for run in listed if run["status"] == "succeeded"} == set(tracked)
    assert len(tracked) == 8
    at_once = most_at_once(swept)
    assert at_once == compiled["concurrency"] == 2

    said, model = promoted()
    best = best_of_a_plain_loop()

    chosen = re.match(r"best of 8 runs: (\w{32}) with (.*): accuracy", said)
    assert chosen is not None, said
    assert sha256(model) in tracked[chosen[1]]
    assert unpack(model).parameters == best.parameters
    assert model == pack(best)
    proof(
        f"iris: a sweep of {len(tracked)} Jobs, {at_once} at a time, tracked on Polyaxon's server, and a plain loop "
        f"pick the same model: {chosen[2]}, sha256 {sha256(model)[:12]}"
    )


def test_a_run_that_fails_costs_no_other(
    swept: list[Done],
    compiled: dict[str, Any],
    kubeconfig: str,
    promoted: Promoted,
    proof: Proof,
) -> None:
    job = copy.deepcopy(compiled["jobs"][0])
    job["template"]["metadata"]["name"] = "impossible"
    main = job["template"]["spec"]["containers"][0]
    main["args"] = [re.sub("^--n-neighbors=.*", "--n-neighbors=1000", each) for each in main["args"]]

    failed = finish(kubeconfig, job)

    assert not failed.succeeded
    assert "iris: n_neighbors = 1000: give a whole number from 1 to 105" in failed.said
    said, model = promoted()
    assert said.startswith(f"best of {len(swept)} runs: ")
    assert model == pack(best_of_a_plain_loop())
    proof(f"iris: a ninth Job that fails leaves the others; the best of {len(swept)} is the same")
