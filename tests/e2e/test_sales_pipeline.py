"""The pipeline of sales on a real cluster: Argo's own controller and executor, and a real store."""

import json
import re
import shlex
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from modelyard import object_store
from modelyard.quantities import mebibytes

import boto3
import pytest
import yaml

from services.sales_pipeline.runtime.sales_pipeline.model import read_model
from services.sales_pipeline.steps import MODEL_KEY, NAME, RESOURCES, SALES_KEY
from services.sales_pipeline.template import cron_workflow, workflow_template
from services.sales_pipeline.tests.deployed_steps import deployed_steps
from services.sales_pipeline.tests.program import RUNTIME
from services.sales_pipeline.tests.sales import write_sales
from stacks.add_ons.argo_workflows.repository import StoreKind
from terraform_cli.call import terraform
from tests.e2e.argo import Argo
from tests.e2e.clusters import Cluster
from tests.e2e.conftest import Proof
from tests.e2e.disks import disk
from tests.e2e.local_cluster import Local, kubectl, wait_until

README = Path(__file__).parents[2] / "services" / "sales_pipeline" / "README.md"
ROWS = 1_000
Node = dict[str, Any]


@dataclass(frozen=True)
class Pipeline:
    """The deployed service, and the store.

    Attributes:
        argo: Runs it.
        local: Where it is deployed from.
        store: A client of the store.
    """

    argo: Argo
    local: Local
    store: Any

    def kubectl(self, *arguments: str) -> str:
        return kubectl(self.argo.kubeconfig, "--namespace", NAME, *arguments)

    def submit(self, *arguments: str) -> str:
        """Starts a run; gives its name."""
        done = self.argo.run("submit", "-n", NAME, "--from", f"workflowtemplate/{NAME}", "-o", "name", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def run(self, *arguments: str) -> "Run":
        """Starts a run, and waits until it has ended."""
        return self.ended(self.submit(*arguments))

    def ended(self, name: str) -> "Run":
        self.argo.run("wait", "-n", NAME, name)
        return Run(json.loads(self.kubectl("get", "workflow", name, "-o", "json")))

    def logs(self, run: "Run") -> str:
        return self.argo.run("logs", "-n", NAME, run.name, "--no-color").stdout

    def objects(self) -> set[str]:
        listed = self.store.list_objects_v2(Bucket=object_store.BUCKET).get("Contents", [])
        return {each["Key"] for each in listed}

    def content(self, key: str) -> bytes:
        return bytes(self.store.get_object(Bucket=object_store.BUCKET, Key=key)["Body"].read())

    def upload(self, file: Path, key: str) -> None:
        self.store.upload_file(str(file), object_store.BUCKET, key)


class Run:
    """A workflow as it is, or as it has ended."""

    def __init__(self, workflow: dict[str, Any]) -> None:
        self.name: str = workflow["metadata"]["name"]
        status = workflow.get("status", {})
        self.phase: str = status.get("phase", "")
        self.message: str = status.get("message", "")
        self._nodes: list[Node] = list(status.get("nodes", {}).values())

    def attempts(self, step: str) -> list[Node]:
        """Each pod of a step, the first one first."""
        pods = [node for node in self._nodes if node["type"] == "Pod" and node["templateName"] == step]
        return sorted(pods, key=lambda node: str(node["name"]))


@pytest.fixture(scope="module")
def volume(cluster: Cluster, object_store_image: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Of the store."""
    with disk(cluster.kubeconfig, tmp_path_factory.mktemp("disk"), namespace=NAME, claim=object_store.NAME):
        yield


@pytest.fixture(scope="module")
def pipeline(
    argo: Argo,
    base_images: None,
    volume: None,
    local_with: Callable[[str], Local],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Pipeline]:
    local = local_with("sales_pipeline")
    done = local.modelyard("up", "local")
    assert done.returncode == 0, done.stderr
    folder = tmp_path_factory.mktemp("sales")
    with s3_client(argo.kubeconfig) as store:
        deployed = Pipeline(argo, local, store)
        deployed.upload(write_sales(folder / "sales.csv", ROWS), SALES_KEY)
        yield deployed
    local.modelyard("teardown", "local", "--volumes", "delete")


@contextmanager
def s3_client(kubeconfig: str) -> Iterator[Any]:
    """The store's, on the way and with the credentials that README.md tells of."""
    found = json.loads(kubectl(kubeconfig, "get", "secret", "-n", NAME, "artifacts", "-o", "json"))["data"]
    keys = {name: b64decode(value).decode() for name, value in found.items()}
    command = ["kubectl", "--kubeconfig", kubeconfig, "port-forward", "-n", NAME, "service/artifacts"]
    with subprocess.Popen([*command, f":{object_store.PORT}"], stdout=subprocess.PIPE, text=True) as forwarding:
        try:
            assert forwarding.stdout is not None
            (port,) = re.findall(r"Forwarding from 127.0.0.1:(\d+)", forwarding.stdout.readline())
            yield boto3.client(
                "s3",
                endpoint_url=f"http://127.0.0.1:{port}",
                aws_access_key_id=keys[object_store.ACCESS_KEY],
                aws_secret_access_key=keys[object_store.SECRET_KEY],
                region_name="us-east-1",
            )
        finally:
            forwarding.terminate()


@pytest.fixture(scope="module")
def run(pipeline: Pipeline) -> Run:
    """A first one, of the sales that are where the template has them."""
    return pipeline.run()


def test_the_better_of_two_models_is_in_the_store(pipeline: Pipeline, run: Run, tmp_path: Path, proof: Proof) -> None:
    assert (run.phase, run.message) == ("Succeeded", "")
    printed = pipeline.logs(run)
    assert "RandomForestRegressor: MSE " in printed
    assert "LassoCV: MSE " in printed

    content = pipeline.content(MODEL_KEY)
    (file := tmp_path / "model.zip").write_bytes(content)
    model = read_model(file)
    assert model.algorithm == "RandomForestRegressor"
    assert len(model.estimator.estimators_) == 1000
    assert sha256(content).hexdigest() in printed
    seen = [line.partition(": ")[2] for line in printed.splitlines() if "MSE" in line]
    proof(f"sales pipeline on a real cluster: {' / '.join(seen)}; read back from the store")


def test_the_trainers_run_at_the_same_time(run: Run, proof: Proof) -> None:
    (forest,), (lasso,) = run.attempts("train-forest"), run.attempts("train-lasso")

    together = max(forest["startedAt"], lasso["startedAt"]), min(forest["finishedAt"], lasso["finishedAt"])
    assert together[0] < together[1]
    proof(f"sales pipeline: both trainers ran from {together[0]} to {together[1]}")


def test_a_second_plan_is_empty(pipeline: Pipeline, run: Run) -> None:
    pipeline.local.synthesise()
    stack = pipeline.local.checkout / "cdktf.out" / "stacks" / f"local-{NAME}"

    assert "No changes." in terraform(stack, pipeline.local.variables, "plan", "-input=false")


# As the kernel does when memory is short; Argo's own process, which has the command among its arguments, is spared.
KILL = r"""
import os, pathlib, signal
for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    command = file.read_bytes()
    if b"\0-m\0sales_pipeline\0" in command and b"argoexec" not in command:
        os.kill(int(file.parent.name), signal.SIGKILL)
        break
else:
    raise SystemExit("nobody to kill")
"""


def test_a_trainer_that_is_killed_is_tried_again(pipeline: Pipeline, tmp_path: Path, proof: Proof) -> None:
    # Enough for the forest to take its time.
    pipeline.upload(write_sales(tmp_path / "sales.csv", 20_000), f"{NAME}/many.csv")
    name = pipeline.submit("-p", f"sales={NAME}/many.csv")

    def running_trainer() -> str:
        selector = f"workflows.argoproj.io/workflow={name}"
        pods = json.loads(pipeline.kubectl("get", "pods", "-l", selector, "-o", "json"))["items"]
        started = [pod["metadata"]["name"] for pod in pods if pod["status"]["phase"] == "Running"]
        return next((pod for pod in started if "train-forest" in pod), "")

    wait_until("the forest is being trained", running_trainer, seconds=300)
    pipeline.kubectl("exec", running_trainer(), "-c", "main", "--", "python3", "-c", KILL)
    run = pipeline.ended(name)

    first, second = run.attempts("train-forest")
    assert (first["phase"], second["phase"], run.phase) == ("Failed", "Succeeded", "Succeeded")
    assert "exit code 137" in first["message"]
    proof("sales pipeline: a trainer that was killed (exit code 137) was tried again, and the run succeeded")


def test_poisoned_input_ends_the_run_and_leaves_what_others_made(
    pipeline: Pipeline, run: Run, tmp_path: Path, proof: Proof
) -> None:
    poisoned = write_sales(tmp_path / "poisoned.csv", ROWS, change=lambda rows: rows[17].__setitem__(1, "abc"))
    pipeline.upload(poisoned, f"{NAME}/poisoned.csv")
    before, model = pipeline.objects(), pipeline.content(MODEL_KEY)

    failed = pipeline.run("-p", f"sales={NAME}/poisoned.csv")

    (preprocess,) = failed.attempts("preprocess")
    said = "/inputs/sales, row 17, price = 'abc': give a number from 0 to 1e+09 (row 1 is the one below the header)"
    assert failed.phase == "Failed"
    assert preprocess["message"].strip() == f"main: Error (exit code 2): sales_pipeline: {said}"
    assert before <= pipeline.objects()
    assert pipeline.content(MODEL_KEY) == model
    assert any(run.name in key for key in before)
    proof(f"sales pipeline: {preprocess['message'].strip()}; {len(before)} objects of others are still there")


def test_the_commands_of_the_readme_run(pipeline: Pipeline) -> None:
    commands = [line.removeprefix("$ argo ") for line in README.read_text().splitlines() if line.startswith("$ argo ")]

    assert {command.split()[0] for command in commands} >= {"submit", "logs"}
    for command in commands:
        done = pipeline.argo.run(*shlex.split(command))
        assert done.returncode == 0, (command, done.stderr)
        assert done.stdout, command


def test_nothing_is_left_when_the_service_goes_in_the_middle_of_a_run(pipeline: Pipeline) -> None:
    pipeline.submit()

    done = pipeline.local.modelyard("teardown", "local", "--volumes", "delete")

    assert done.returncode == 0, done.stderr
    assert NAME not in kubectl(pipeline.argo.kubeconfig, "get", "namespaces", "-o", "name")


@pytest.mark.parametrize("store", ["gcs", "azure", "s3"])
def test_argo_finds_nothing_wrong_with_the_template(store: StoreKind, argo: Argo, tmp_path: Path) -> None:
    manifests = [
        workflow_template(image="image", store=store, pod_labels={"a": "b"}),
        cron_workflow(schedule="0 3 * * 1"),
    ]
    (file := tmp_path / "template.yaml").write_text(yaml.dump_all(manifests))

    done = argo.run("lint", "--offline", str(file))

    assert done.returncode == 0, done.stdout
    assert "no linting errors found" in done.stdout


def test_argo_finds_an_artifact_that_nobody_makes(argo: Argo, tmp_path: Path) -> None:
    text = yaml.dump(workflow_template(image="image", store="s3", pod_labels={}))
    (file := tmp_path / "template.yaml").write_text(text.replace("outputs.artifacts.forest", "outputs.artifacts.wood"))

    done = argo.run("lint", "--offline", str(file))

    assert done.returncode == 1
    assert "tasks.train-forest.outputs.artifacts.wood" in done.stdout + done.stderr


# In a process of its own: what a child of this one is said to have used begins with what this one has.
MEASURE = """
import json, resource, subprocess, sys, time
started = time.monotonic()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([time.monotonic() - started, used.ru_utime, used.ru_maxrss >> 10]))
"""


def test_a_million_rows_fit_the_memory_of_each_step(tmp_path: Path, proof: Proof) -> None:
    (store := tmp_path / "store").mkdir()
    write_sales(store / "sales", 1_000_000)
    figures = []
    for name, step in deployed_steps().items():
        program = [sys.executable, "-m", "sales_pipeline", *step.alone(store, tmp_path / name)]
        command = [sys.executable, "-c", MEASURE, *program]
        done = subprocess.run(command, cwd=RUNTIME, capture_output=True, text=True, check=True, timeout=1200)
        seconds, cpu, mebibytes_used = json.loads(done.stdout)
        assert mebibytes_used < mebibytes(RESOURCES[name].memory), name
        step.keep(store, tmp_path / name)
        figures.append(f"{name} {seconds:.0f} s ({cpu:.0f} s of CPU) and {mebibytes_used} MiB")
    proof(
        f"sales pipeline, a million rows: {', '.join(figures)}; model of {(store / 'model').stat().st_size >> 20} MiB"
    )
