"""Workloads that sleep and wake on a real cluster, interrupted and not; the environment `local` as people use it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from preview.changes import Change, drift, without_leaf
from stacks.paths import ROOT
from stacks.suspended import REMEMBERS
from terraform_cli.call import terraform
from tests.conftest import command_environment
from tests.e2e.clusters import Cluster
from tests.e2e.conftest import Proof
from tests.e2e.local_cluster import Local, kubectl, predict, wait_until
from tests.e2e.model_namespace import apply

ENVIRONMENT, ADD_ON, SERVICE = "sleepy", "sleepy-operator", "sleepy-service"
Object = dict[str, Any]
PROGRAM = f"""
import sys
from modelyard.serving.cluster import Cluster
from suspension import sleep
from estate.insist import Deadline
from suspension.workloads import Workloads

workloads = Workloads(Cluster(), "{ENVIRONMENT}", {{"{ADD_ON}"}})
tell = lambda line: print(line, flush=True)
if sys.argv[1] == "wait":
    sleep.wait_until_up(workloads, tell, Deadline(float(sys.argv[2])))
else:
    print(getattr(sleep, sys.argv[1])(workloads, tell, Deadline(60)), flush=True)
"""


def named(kind: str, name: str, namespace: str, api: str, **spec: object) -> Object:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def pods(name: str, cluster: Cluster) -> Object:
    image = "localhost/pause:1" if cluster.lab else "registry.k8s.io/pause:3.10"
    container = {"name": "it", "image": image, "resources": {"requests": {"cpu": "5m"}}}
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    return {"metadata": {"labels": {"app": name}}, "spec": spec}


def replicated(kind: str, name: str, namespace: str, replicas: int, cluster: Cluster) -> Object:
    more = {"serviceName": name} if kind == "StatefulSet" else {}
    selector = {"matchLabels": {"app": name}}
    return named(
        kind,
        name,
        namespace,
        "apps/v1",
        replicas=replicas,
        selector=selector,
        template=pods(name, cluster),
        **more,
    )


def objects(cluster: Cluster) -> Iterator[Object]:
    for name in (ADD_ON, SERVICE):
        labels = {
            "app.kubernetes.io/managed-by": "cdktf",
            "app.kubernetes.io/part-of": ENVIRONMENT,
            "app.kubernetes.io/name": name,
        }
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    yield replicated("Deployment", "operator", ADD_ON, 1, cluster)
    yield replicated("StatefulSet", "database", ADD_ON, 2, cluster)
    yield replicated("Deployment", "web", SERVICE, 3, cluster)
    yield replicated("Deployment", "scaled", SERVICE, 2, cluster)
    yield replicated("Deployment", "resting", SERVICE, 0, cluster)
    selector = {"matchLabels": {"app": "web"}}
    yield named("PodDisruptionBudget", "web", SERVICE, "policy/v1", minAvailable=3, selector=selector)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "scaled"}
    yield named(
        "HorizontalPodAutoscaler",
        "scaled",
        SERVICE,
        "autoscaling/v2",
        minReplicas=2,
        maxReplicas=4,
        scaleTargetRef=target,
    )
    for name, suspended in (("nightly", False), ("by-hand", True)):
        job = {"spec": {"template": {**pods(name, cluster)}}}
        job["spec"]["template"]["spec"] |= {"restartPolicy": "Never"}
        yield named("CronJob", name, SERVICE, "batch/v1", schedule="0 0 1 1 *", suspend=suspended, jobTemplate=job)


@pytest.fixture
def sleepy(cluster: Cluster) -> Iterator[Cluster]:
    apply(cluster, *objects(cluster))
    try:
        run(cluster, "wait", "120")
        yield cluster
    finally:
        # The next test makes them anew.
        kubectl(cluster.kubeconfig, "delete", "namespace", SERVICE, ADD_ON, "--timeout=55s")


def process(cluster: Cluster, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=command_environment(ROOT) | {"KUBECONFIG": cluster.kubeconfig},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(cluster: Cluster, *arguments: str) -> str:
    with process(cluster, *arguments) as running:
        printed, errors = running.communicate(timeout=180)
    assert running.returncode == 0, errors
    return printed


def killed_after(cluster: Cluster, lines: int, *arguments: str) -> list[str]:
    with process(cluster, *arguments) as running:
        assert running.stdout
        seen = [running.stdout.readline().strip() for _ in range(lines)]
        running.send_signal(signal.SIGKILL)
    return seen


def state(cluster: Cluster) -> dict[str, tuple[object, str | None]]:
    """Each workload's replicas, or whether it is suspended, and what it remembers."""
    found = {}
    for namespace in (ADD_ON, SERVICE):
        listed = kubectl(cluster.kubeconfig, "get", "deploy,sts,cronjob", "-n", namespace, "-o", "json")
        for each in json.loads(listed)["items"]:
            notes = each["metadata"].get("annotations", {})
            (remembered,) = [value for key, value in notes.items() if key.startswith(REMEMBERS)] or [None]
            spec = each["spec"]
            found[each["metadata"]["name"]] = (spec.get("replicas", spec.get("suspend")), remembered)
    return found


AWAKE = {
    "operator": (1, None),
    "database": (2, None),
    "web": (3, None),
    "scaled": (2, None),
    "resting": (0, None),
    "nightly": (False, None),
    "by-hand": (True, None),
}
ASLEEP = {
    "operator": (0, "1"),
    "database": (0, "2"),
    "web": (0, "3"),
    "scaled": (0, "2"),
    "resting": (0, None),
    "nightly": (True, "1"),
    "by-hand": (True, None),
}


def test_all_sleeps_in_spite_of_budgets_and_autoscalers_and_wakes_as_it_was(sleepy: Cluster, proof: Proof) -> None:
    assert state(sleepy) == AWAKE

    told = run(sleepy, "put_to_sleep").splitlines()

    assert state(sleepy) == ASLEEP
    assert told[-1] == "5"
    assert told.index("deployment sleepy-operator/operator sleeps") < told.index("deployment sleepy-service/web sleeps")
    for namespace in (ADD_ON, SERVICE):
        assert json.loads(kubectl(sleepy.kubeconfig, "get", "pods", "-n", namespace, "-o", "json"))["items"] == []
    # Once more changes nothing.
    assert run(sleepy, "put_to_sleep") == "5\n"
    assert state(sleepy) == ASLEEP

    def rests() -> bool:
        found = json.loads(kubectl(sleepy.kubeconfig, "get", "hpa", "-n", SERVICE, "scaled", "-o", "json"))
        conditions = found["status"].get("conditions", [])
        return any(each.get("reason") == "ScalingDisabled" for each in conditions)

    wait_until("the autoscaler rests", rests)
    assert state(sleepy) == ASLEEP

    told = run(sleepy, "wake").splitlines()
    run(sleepy, "wait", "60")
    assert state(sleepy) == AWAKE
    assert told[-1] == "5"
    assert run(sleepy, "wake") == "0\n"
    proof("5 workloads sleep in spite of a budget that lets no pod go and of an autoscaler, and wake as they were")


def test_killed_in_between_it_is_simply_run_again(sleepy: Cluster, proof: Proof) -> None:
    kills = 0
    for lines in range(1, 6):
        killed_after(sleepy, lines, "put_to_sleep")
        found = state(sleepy)
        assert all(found[name] in (AWAKE[name], ASLEEP[name]) for name in found), found
        if lines % 2:
            # Somebody changes their mind in the middle.
            killed_after(sleepy, 1, "wake")
            kills += 1
        kills += 1
    run(sleepy, "put_to_sleep")
    assert state(sleepy) == ASLEEP

    killed_after(sleepy, 2, "wake")
    assert run(sleepy, "wake").splitlines()[-1] == "3"
    run(sleepy, "wait", "60")
    assert state(sleepy) == AWAKE
    proof(f"suspend and resume killed {kills + 1} times, each workload as it was or asleep with its memory")


def test_what_does_not_come_up_in_time_is_named(sleepy: Cluster) -> None:
    kubectl(sleepy.kubeconfig, "set", "image", "-n", SERVICE, "deployment/web", "it=localhost/nowhere:1")

    with process(sleepy, "wait", "4") as running:
        _, errors = running.communicate(timeout=60)

    assert running.returncode == 1
    assert "not up in time: deployment sleepy-service/web" in errors


def test_the_environment_sleeps_and_answers_again(url: str, local: Local, kubeconfig: str, proof: Proof) -> None:
    file = local.checkout / "environments" / "local.toml"
    before = file.read_text()
    assert predict(url).status == 200

    suspended = local.modelyard("suspend", "local")

    assert suspended.returncode == 0, suspended.stderr
    assert "local is suspended" in suspended.stdout
    assert "[suspended]" in file.read_text()
    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.request("GET", url, timeout=2, retries=False)
    local.synthesise()
    assert "No changes" in local.plan()
    assert drifted(local) == []
    again = local.modelyard("suspend", "local")
    assert again.returncode == 0, again.stderr

    resumed = local.modelyard("resume", "local")

    assert resumed.returncode == 0, resumed.stderr
    assert f"local-image-classifier answers at {url}" in resumed.stdout
    assert predict(url).status == 200
    assert file.read_text() == before
    local.synthesise()
    assert "No changes" in local.plan()
    proof("the environment local: suspended, its plan is empty; resumed, a picture gets its label again")


def drifted(local: Local) -> list[Change]:
    """What a live preview shows of the classifier as drift while it sleeps."""
    folder = local.checkout / "cdktf.out" / "stacks" / "local-image-classifier"
    terraform(folder, local.variables, "plan", "-input=false", "-out=tfplan")
    found = drift(folder.name, json.loads(terraform(folder, local.variables, "show", "-json", "tfplan")))
    return list(without_leaf(found, "spec[0].replicas"))


def test_a_service_that_does_not_answer_ends_it_with_1_and_it_goes_on_later(
    url: str, local: Local, kubeconfig: str
) -> None:
    assert local.modelyard("suspend", "local").returncode == 0
    # Nobody behind its address, though its pods are there.
    service = ("-n", "image-classifier", "service/image-classifier")
    kept = kubectl(kubeconfig, "get", *service, "-o", "jsonpath={.spec.selector}")
    kubectl(kubeconfig, "patch", *service, "--type=merge", "-p", '{"spec": {"selector": {"nobody": "here"}}}')

    failed = local.modelyard("resume", "local", "--limit", "1m")

    assert failed.returncode == 1
    assert f"no answer in time from local-image-classifier at {url}" in failed.stderr
    assert "Traceback" not in failed.stderr
    kubectl(
        kubeconfig,
        "patch",
        *service,
        "--type=merge",
        "-p",
        json.dumps({"spec": {"selector": {**json.loads(kept), "nobody": None}}}),
    )
    done = local.modelyard("resume", "local")
    assert done.returncode == 0, done.stderr
    assert predict(url).status == 200
