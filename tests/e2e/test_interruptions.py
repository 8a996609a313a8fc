"""What goes wrong in mid-apply on a real cluster, and that nothing is lost by it."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from modelyard.pods import DRAIN_SECONDS

import psutil
import pytest

from terraform_cli.call import terraform
from tests.e2e.api_proxy import ApiProxy, api_proxy
from tests.e2e.conftest import Proof
from tests.e2e.local_cluster import Local, inside, kill, kubectl, pod, pods_to_stay, predict, steady_stream, wait_until

_HANDOVER_SECONDS = 3


def label(kubeconfig: str, environment: str) -> None:
    """Says of which environment the classifier's LoadBalancer is."""
    part_of = f"app.kubernetes.io/part-of={environment}"
    kubectl(kubeconfig, "label", "-n", "image-classifier", "service/image-classifier", part_of, "--overwrite")


def pods(kubeconfig: str) -> list[str]:
    return kubectl(kubeconfig, "get", "pods", "-n", "image-classifier", "-o", "name").split()


def test_a_first_deploy_that_is_killed_is_continued_by_the_next(
    base_images: None, local: Local, weights: list[str], kubeconfig: str, proof: Proof
) -> None:
    assert local.modelyard("images", "local", "--load", *weights).returncode == 0
    with local.modelyard_under_way("up", "local", *weights) as running:
        wait_until("the Deployment has a pod", lambda: pods(kubeconfig), seconds=120)
        kill(running)

    before = pods(kubeconfig)
    again = local.modelyard("up", "local")

    assert again.returncode == 0, again.stderr
    assert "found an interrupted run: apply by" in again.stdout
    assert "taken over, kubernetes_deployment_v1." in again.stdout
    assert pods(kubeconfig) == before
    assert "No changes" in local.plan()
    assert "nothing of local is left over" in local.modelyard("adopt", "local").stdout
    proof("a killed first deploy: the next one takes over what is there, the same pod; the plan after it is empty")


def test_what_a_lost_state_had_is_taken_over_by_the_next_deploy(url: str, local: Local, kubeconfig: str) -> None:
    assert url
    stack = local.checkout / "cdktf.out" / "stacks" / "local-image-classifier"
    before = pods(kubeconfig)
    listed = terraform(stack, local.variables, "state", "list").split()
    terraform(stack, local.variables, "state", "rm", *listed)

    again = local.modelyard("up", "local")

    assert again.returncode == 0, again.stderr
    assert set(terraform(stack, local.variables, "state", "list").split()) == set(listed)
    assert pods(kubeconfig) == before
    assert "No changes" in local.plan()


def test_what_is_somebody_elses_is_never_adopted(url: str, local: Local, kubeconfig: str) -> None:
    assert url
    stack = local.checkout / "cdktf.out" / "stacks" / "local-image-classifier"
    listed = terraform(stack, local.variables, "state", "list").split()
    (address,) = [each for each in listed if each.startswith("kubernetes_service_v1.")]
    terraform(stack, local.variables, "state", "rm", address)
    label(kubeconfig, "other")

    refused = local.modelyard("adopt", "local", "--yes")

    assert refused.returncode == 1
    assert "image-classifier/image-classifier is there already" in refused.stderr
    assert address not in terraform(stack, local.variables, "state", "list")
    label(kubeconfig, "local")
    assert local.modelyard("adopt", "local", "--yes").returncode == 0


def test_a_killed_deploy_of_a_new_version_is_continued_by_the_next(
    url: str, local: Local, weights: list[str], kubeconfig: str, proof: Proof
) -> None:
    local.change()
    assert local.modelyard("images", "local", "--load", *weights).returncode == 0
    before = pods(kubeconfig)
    with steady_stream(url) as answers:
        with local.modelyard_under_way("up", "local") as running:
            wait_until("a new pod", lambda: set(pods(kubeconfig)) - set(before), seconds=120)
            kill(running)
        again = local.modelyard("up", "local")

    assert again.returncode == 0, again.stderr
    assert "No changes" in local.plan()
    assert set(answers) == {200}
    proof(f"a killed deploy of a new version: continued by the next, {len(answers)} requests meanwhile, none lost")


@pytest.fixture
def through_proxy(url: str, local: Local, kubeconfig: str, tmp_path: Path) -> Iterator[tuple[Local, ApiProxy]]:
    """The environment as before, its cluster reached by way of something that can be cut."""
    assert url
    with api_proxy(kubeconfig, tmp_path / "kubeconfig") as proxy:
        yield replace(local, variables=local.variables | {"KUBECONFIG": str(tmp_path / "kubeconfig")}), proxy
    local.synthesise()


def test_a_lost_connection_to_the_api_server_ends_the_deploy_and_the_next_one_continues(
    url: str, through_proxy: tuple[Local, ApiProxy], weights: list[str], kubeconfig: str, proof: Proof
) -> None:
    local, proxy = through_proxy
    local.change()
    assert local.modelyard("images", "local", "--load", *weights).returncode == 0
    before = pods(kubeconfig)
    with steady_stream(url) as answers:
        with local.modelyard_under_way("up", "local") as running:
            wait_until("a new pod", lambda: set(pods(kubeconfig)) - set(before), seconds=120)
            proxy.cut()
            _, errors = running.communicate(timeout=300)
        assert running.returncode == 1
        assert "Traceback" not in errors
        assert f"127.0.0.1:{proxy.port}" in errors, errors
        proxy.mend()
        again = local.modelyard("up", "local")

    assert again.returncode == 0, again.stderr
    assert "No changes" in local.plan()
    assert set(answers) == {200}
    proof(f"a lost API connection: told, and continued by the next; {len(answers)} requests meanwhile, none lost")


def test_a_silent_api_server_ends_the_deploy_at_its_limit_and_the_next_one_continues(
    url: str, through_proxy: tuple[Local, ApiProxy], weights: list[str], kubeconfig: str, proof: Proof
) -> None:
    local, proxy = through_proxy
    limits = {"MODELYARD_STACK_SECONDS": "40", "MODELYARD_GRACE_SECONDS": "3"}
    local.change()
    assert local.modelyard("images", "local", "--load", *weights).returncode == 0
    before = pods(kubeconfig)
    with steady_stream(url) as answers:
        with replace(local, variables=local.variables | limits).modelyard_under_way("up", "local") as running:
            wait_until("a new pod", lambda: set(pods(kubeconfig)) - set(before), seconds=120)
            proxy.silence()
            printed, errors = running.communicate(timeout=300)
        assert running.returncode == 1, printed
        assert "Traceback" not in errors
        proxy.mend()
        again = local.modelyard("up", "local")

    assert again.returncode == 0, again.stderr
    assert "No changes" in local.plan()
    assert set(answers) == {200}
    proof(f"a silent API server: ended at the limit, continued; {len(answers)} requests meanwhile, none lost")


def test_a_terraform_that_is_killed_is_told_of_and_the_next_deploy_continues(
    url: str, local: Local, weights: list[str], kubeconfig: str, proof: Proof
) -> None:
    assert url
    local.change()
    assert local.modelyard("images", "local", "--load", *weights).returncode == 0
    before = pods(kubeconfig)
    with local.modelyard_under_way("up", "local") as running:
        wait_until("a new pod", lambda: set(pods(kubeconfig)) - set(before), seconds=120)
        (its_terraform,) = [each for each in running.children() if each.name() == "terraform"]
        plugins = its_terraform.children()
        its_terraform.kill()
        _, errors = running.communicate(timeout=300)
    assert running.returncode == 1
    assert plugins
    assert not [each for each in plugins if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
    assert "Traceback" not in errors

    again = local.modelyard("up", "local")

    assert again.returncode == 0, again.stderr
    assert "No changes" in local.plan()
    proof("a Terraform killed with -9: told, and continued by the next deploy")


def test_a_deleted_pod_serves_until_its_successor_does(url: str, local: Local, kubeconfig: str, proof: Proof) -> None:
    # One that still ends from the last deploy would be asked, too, once no other is ready: until its own time is over.
    wait_until("there is one pod", lambda: len(pods(kubeconfig)) == 1)
    before = pods(kubeconfig)
    drained = time.monotonic() + DRAIN_SECONDS
    with steady_stream(url) as answers:
        kubectl(kubeconfig, "delete", "-n", "image-classifier", *before, "--wait=false")
        # Kubelet, controller and the node's proxy need their time, too, to send requests to a pod that is ready.
        time.sleep(max(0, drained - _HANDOVER_SECONDS - time.monotonic()))
        in_time = ready(kubeconfig)
        time.sleep(max(0, drained - time.monotonic()))
        while_drained = list(answers)
        kubectl(kubeconfig, "wait", "-n", "image-classifier", "--for=delete", *before, "--timeout=50s")
        wait_until("its successor is ready", lambda: ready(kubeconfig))
        time.sleep(_HANDOVER_SECONDS)

    assert len(while_drained) > 1
    assert set(while_drained) == {200}
    if in_time:
        assert set(answers) == {200}
    assert answers[-3:] == [200, 200, 200]
    assert "No changes" in local.plan()
    of_all = f"and its successor the rest of {len(answers)}" if in_time else "its successor took longer here"
    proof(f"a deleted pod answered all {len(while_drained)} requests of {DRAIN_SECONDS} s, {of_all}")


def test_a_pod_that_is_killed_comes_back_by_itself(url: str, local: Local, kubeconfig: str, proof: Proof) -> None:
    wait_until("the pod is ready", lambda: ready(kubeconfig))
    before = f"pod/{pod(kubeconfig)['metadata']['name']}"
    with steady_stream(url) as answers:
        kubectl(kubeconfig, "delete", "-n", "image-classifier", before, "--grace-period=0", "--force")
        wait_until("another pod is ready", lambda: ready(kubeconfig) and before not in pods(kubeconfig))
        time.sleep(1)

    assert answers[-3:] == [200, 200, 200]
    assert "No changes" in local.plan()
    failed = len([answer for answer in answers if answer != 200])
    proof(f"a pod killed without grace: {failed} of {len(answers)} requests fail, then another pod answers, by itself")


def test_a_frozen_program_gets_no_requests_until_it_thaws(url: str, kubeconfig: str, proof: Proof) -> None:
    wait_until("the pod is ready", lambda: ready(kubeconfig))
    inside(kubeconfig, signal_workers("STOP"))
    wait_until("the pod is not ready", lambda: not ready(kubeconfig))
    inside(kubeconfig, signal_workers("CONT"))
    wait_until("the pod is ready again", lambda: ready(kubeconfig))
    assert predict(url).status == 200
    proof("a frozen program: the readiness probe took it out of service, and back when it went on")


def test_a_teardown_that_is_killed_is_continued_by_the_next(
    url: str, local: Local, kubeconfig: str, proof: Proof
) -> None:
    assert url
    with local.modelyard_under_way("teardown", "local") as running:
        wait_until("something is gone", lambda: not services(kubeconfig), seconds=120)
        kill(running)

    again = local.modelyard("teardown", "local")

    assert again.returncode == 0, again.stderr
    assert "namespace/image-classifier" not in kubectl(kubeconfig, "get", "namespaces", "-o", "name").split()
    state = json.loads((local.checkout / "terraform.local-image-classifier.tfstate").read_text())
    assert state["resources"] == []
    proof("a killed teardown: continued by the next, nothing is left")


def services(kubeconfig: str) -> list[str]:
    found = kubectl(kubeconfig, "get", "services", "-n", "image-classifier", "--ignore-not-found", "-o", "name")
    return found.split()


def ready(kubeconfig: str) -> bool:
    found = pods_to_stay(kubeconfig)
    containers = [each for one in found for each in one["status"].get("containerStatuses", [{"ready": False}])]
    return len(found) == 1 and all(each["ready"] for each in containers)


def signal_workers(signal: str) -> str:
    """A script for inside the pod: the children of its first process, which itself takes no signal from there."""
    return (
        "for each in /proc/[0-9]*/stat; do read -r pid name state parent rest < $each; "
        f"[ $parent = 1 ] && kill -{signal} $pid; done"
    )
