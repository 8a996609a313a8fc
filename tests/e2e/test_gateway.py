"""The add-on gateway on a real cluster: HTTPRoutes with weights, as services have them, and Traefik's own rollouts."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from modelyard.gateway import GATEWAY
from modelyard.restricted import restricted_container, restricted_pod

import pytest
import urllib3

from stacks.add_ons.gateway.values import PODS, STATUS_PORT
from terraform_cli.call import terraform
from tests.e2e.clusters import Cluster
from tests.e2e.conftest import Proof
from tests.e2e.gateway import Gateway
from tests.e2e.kserve import namespace
from tests.e2e.local_cluster import kubectl, repeated, wait_until
from tests.e2e.model_namespace import apply
from tests.e2e.node_images import load_image, on_the_nodes
from tests.simulator.estate import absent_service

Object = dict[str, Any]
OURS, OTHERS = "gateway-e2e", "gateway-e2e-others"
SIDES = ("a", "b")
REQUESTS = 500
IMAGE = "localhost/e2e/echo:1"
PROGRAM = """
import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = json.dumps({"side": os.environ["SIDE"], "path": self.path}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("", 8080), Echo).serve_forever()
"""
DOCKERFILE = 'FROM python:3.11-slim\nCOPY echo.py /echo.py\nENTRYPOINT ["python", "/echo.py"]\n'


@pytest.fixture(scope="module")
def echo(cluster: Cluster, base_images: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The image of a server that says which side it is, and which path it was asked for."""
    if not on_the_nodes(cluster, IMAGE):
        folder = tmp_path_factory.mktemp("echo")
        (folder / "echo.py").write_text(PROGRAM)
        (folder / "Dockerfile").write_text(DOCKERFILE)
        load_image(cluster, folder, IMAGE)


@pytest.fixture(scope="module")
def routed(cluster: Cluster, echo: None, gateway: Gateway) -> Iterator[str]:
    """Both sides behind `/echo`, 80 to 20; gives the address with the path."""
    ours = namespace(OURS)
    ours["metadata"]["labels"]["app.kubernetes.io/part-of"] = "local"
    apply(cluster, ours, namespace(OTHERS))
    try:
        apply(cluster, *(each for side in SIDES for each in backend(side)))
        for side in SIDES:
            kubectl(cluster.kubeconfig, "rollout", "status", "-n", OURS, f"deployment/{side}", "--timeout=55s")
        # As ABTest does it: a route that comes before its pods are ready answers 503 until Traefik has heard of them.
        apply(cluster, route(80, 20))
        url = f"{gateway.url}echo"
        wait_until("both sides answer", lambda: set(answers(url, 20)) == {(200, side) for side in SIDES})
        yield url
    finally:
        for name in (OURS, OTHERS):
            kubectl(cluster.kubeconfig, "delete", "namespace", name, "--wait=false")


@pytest.fixture
def weighed(cluster: Cluster, routed: str) -> Iterator[str]:
    """The same for a test that changes it."""
    yield routed
    apply(cluster, route(80, 20))
    wait_until("the weights are as they were", lambda: {side for _, side in answers(routed, 20)} == set(SIDES))


def backend(side: str) -> list[Object]:
    labels = {"app": side}
    container = {
        "name": "echo",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": "SIDE", "value": side}],
        "securityContext": restricted_container(),
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
    }
    # Python, as a container's first process, does not end when it is told to.
    pod = {"containers": [container], "securityContext": restricted_pod(10001), "terminationGracePeriodSeconds": 1}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": side, "namespace": OURS},
            "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": side, "namespace": OURS},
            "spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
        },
    ]


def route(a: int, b: int, *, path: str = "/echo", where: str = OURS) -> Object:
    rewritten = {
        "type": "URLRewrite",
        "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
    }
    weights = zip(SIDES, (a, b), strict=True)
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": path}}],
        "filters": [rewritten],
        "backendRefs": [{"name": side, "namespace": OURS, "port": 80, "weight": weight} for side, weight in weights],
    }
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "echo", "namespace": where},
        "spec": {"parentRefs": [{"name": GATEWAY, "namespace": GATEWAY}], "rules": [rule]},
    }


def asked(url: str) -> tuple[int, str]:
    """Status and content, on a connection of its own."""
    answer = urllib3.request("GET", url, headers={"Connection": "close"}, timeout=30, retries=False)
    return answer.status, answer.data.decode()


def answers(url: str, count: int) -> list[tuple[int, str]]:
    """Status and side of requests one after another."""
    found = [asked(f"{url}/") for _ in range(count)]
    return [(status, json.loads(content)["side"] if status == 200 else "") for status, content in found]


def stream(url: str) -> AbstractContextManager[list[str]]:
    """Sends requests one after another until the block ends, none twice; gives the sides, or what went wrong."""

    def send() -> str:
        try:
            ((status, side),) = answers(url, 1)
        except urllib3.exceptions.HTTPError as error:
            return str(error)
        return side or str(status)

    return repeated(send, pause=0.02)


def test_a_route_divides_requests_by_its_weights_and_takes_its_prefix_away(routed: str, proof: Proof) -> None:
    counted = Counter(answers(routed, REQUESTS))

    assert counted.keys() == {(200, "a"), (200, "b")}
    assert counted[200, "a"] == pytest.approx(0.8 * REQUESTS, abs=0.02 * REQUESTS)
    assert json.loads(asked(f"{routed}/x/y?z=1")[1])["path"] == "/x/y?z=1"
    proof(f"weights 80 and 20: of {REQUESTS} requests {counted[200, 'a']} came to a, {counted[200, 'b']} to b")


def test_other_weights_lose_no_request(cluster: Cluster, weighed: str, proof: Proof) -> None:
    with stream(weighed) as seen:
        for a, b, only in ((100, 0, "a"), (0, 100, "b")):
            apply(cluster, route(a, b))
            since = len(seen)
            wait_until(f"all come to {only}", lambda: len(seen) > since + 50 and set(seen[-50:]) == {only})  # noqa: B023 - called here

    assert set(seen) == set(SIDES)
    proof(f"weights changed twice, from all to a to all to b, under {len(seen)} requests: none failed")


def test_a_side_without_pods_fails_its_own_share_only(cluster: Cluster, weighed: str, proof: Proof) -> None:
    kubectl(cluster.kubeconfig, "scale", "-n", OURS, "deployment/b", "--replicas=0")
    try:
        wait_until("b is gone", lambda: not any(side == "b" for _, side in answers(weighed, 20)))
        counted = Counter(answers(weighed, REQUESTS))
    finally:
        kubectl(cluster.kubeconfig, "scale", "-n", OURS, "deployment/b", "--replicas=1")

    assert counted.keys() == {(200, "a"), (503, "")}
    assert counted[200, "a"] == pytest.approx(0.8 * REQUESTS, abs=0.02 * REQUESTS)
    proof(f"b of 20 without a pod: {counted[503, '']} of {REQUESTS} requests got 503, all others an answer of a")


def test_routes_of_a_namespace_of_no_environment_are_refused(cluster: Cluster, gateway: Gateway, routed: str) -> None:
    apply(cluster, route(50, 50, path="/others", where=OTHERS))

    def conditions() -> dict[str, str]:
        found = json.loads(kubectl(cluster.kubeconfig, "get", "-n", OTHERS, "httproute/echo", "-o", "json"))
        (parent,) = found.get("status", {}).get("parents", []) or [{"conditions": []}]
        return {each["type"]: each["reason"] for each in parent["conditions"]}

    wait_until("the route has a status", conditions)
    assert conditions()["Accepted"] == "NotAllowedByListeners"
    assert asked(f"{gateway.url}others/")[0] == 404


def test_traefik_itself_is_replaced_without_losing_a_request(cluster: Cluster, routed: str, proof: Proof) -> None:
    with stream(routed) as seen:
        restart(cluster)
        ready = [f"deployment/{PODS.name}", "--timeout=58s"]
        kubectl(cluster.kubeconfig, "rollout", "status", "-n", GATEWAY, *ready)
        wait_until("the old pods have ended", lambda: len(pods(cluster)) == PODS.replicas, seconds=120)

    assert set(seen) == set(SIDES)
    proof(f"all pods of Traefik replaced under {len(seen)} requests: none failed")


def test_traefik_that_may_not_read_routes_takes_no_requests(cluster: Cluster, routed: str, proof: Proof) -> None:
    old = {each["metadata"]["name"] for each in pods(cluster)}
    binding = json.loads(kubectl(cluster.kubeconfig, "get", "clusterrolebinding/gateway-traefik", "-o", "json"))
    kubectl(cluster.kubeconfig, "delete", "clusterrolebinding/gateway-traefik")
    try:
        with stream(routed) as seen:
            restart(cluster)
            wait_until("there is a new pod", lambda: len(pods(cluster)) > PODS.replicas)
            (new,) = [each["metadata"]["name"] for each in pods(cluster) if each["metadata"]["name"] not in old]
            wait_until("it says that it runs", lambda: answered(cluster, new, "ping"))
            since = len(seen)
            wait_until("requests went on", lambda: len(seen) > since + 200)
            assert not answered(cluster, new, "ready")
            assert [each for each in pods(cluster) if each["metadata"]["name"] == new and is_ready(each)] == []
    finally:
        kept = {key: binding["metadata"][key] for key in ("name", "labels", "annotations")}
        apply(cluster, {**binding, "metadata": kept})
        ready = [f"deployment/{PODS.name}", "--timeout=58s"]
        kubectl(cluster.kubeconfig, "rollout", "status", "-n", GATEWAY, *ready)

    assert set(seen) == set(SIDES)
    proof(f"Traefik without its rights answers /ping and is not ready: of {len(seen)} requests none failed")


def restart(cluster: Cluster) -> None:
    kubectl(cluster.kubeconfig, "rollout", "restart", "-n", GATEWAY, f"deployment/{PODS.name}")


def pods(cluster: Cluster) -> list[Object]:
    found = json.loads(kubectl(cluster.kubeconfig, "get", "pods", "-n", GATEWAY, "-o", "json"))["items"]
    return list(found)


def is_ready(pod: Object) -> bool:
    return any(each["ready"] for each in pod["status"].get("containerStatuses", []))


def answered(cluster: Cluster, pod: str, path: str) -> bool:
    """Whether Traefik's own port answers 200, asked through the API server."""
    asked = f"/api/v1/namespaces/{GATEWAY}/pods/{pod}:{STATUS_PORT}/proxy/{path}"
    command = ["kubectl", "--kubeconfig", cluster.kubeconfig, "get", "--raw", asked]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


def test_the_second_plan_is_empty_and_people_see_the_address(cluster: Cluster, gateway: Gateway) -> None:
    assert "No changes" in terraform(gateway.folder, gateway.variables, "plan", "-input=false")
    shown = json.loads(kubectl(cluster.kubeconfig, "get", "-n", GATEWAY, f"gateway/{GATEWAY}", "-o", "json"))
    assert f"http://{shown['status']['addresses'][0]['value']}/" == gateway.url


def test_a_stack_reads_the_address_and_of_a_gateway_that_is_not_there_nothing(
    cluster: Cluster, gateway: Gateway, tmp_path: Path
) -> None:
    names = {"there": GATEWAY, "absent": "none"}
    content = {
        "terraform": {"required_providers": {"kubernetes": {"source": "hashicorp/kubernetes", "version": "2.38.0"}}},
        "provider": {"kubernetes": {"config_path": cluster.kubeconfig}},
        "data": {
            "kubernetes_service_v1": {
                id_: {"metadata": {"name": name, "namespace": GATEWAY}} for id_, name in names.items()
            }
        },
        "output": {id_: {"value": f"${{data.kubernetes_service_v1.{id_}}}"} for id_ in names},
    }
    (tmp_path / "main.tf.json").write_text(json.dumps(content))
    terraform(tmp_path, gateway.variables, "init", "-input=false")
    terraform(tmp_path, gateway.variables, "apply", "-input=false", "-auto-approve")
    read = json.loads(terraform(tmp_path, gateway.variables, "output", "-json"))

    (ingress,) = read["there"]["value"]["status"][0]["load_balancer"][0]["ingress"]
    assert f"http://{ingress['ip']}/" == gateway.url
    assert read["absent"]["value"] == absent_service("none", GATEWAY)
