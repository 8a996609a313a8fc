"""What has load balancers and disks behind it goes before the cluster does: on a real API server."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

from modelyard.serving.cluster import Cluster

import pytest

from teardown.drain import claims, drain
from tests.e2e.conftest import Proof
from tests.e2e.disks import disk
from tests.e2e.local_cluster import kubectl, wait_until

NAMESPACE = "of-the-past"
STUCK = "example.com/never-removed"


@pytest.fixture
def cluster_api(kubeconfig: str, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setenv("KUBECONFIG", kubeconfig)
    return Cluster()


@pytest.fixture
def of_the_past(kubeconfig: str, tmp_path: Path) -> Iterator[None]:
    """What no state knows: a public address, a program that makes its pods again, and what it saves."""
    selector = {"app": "forgotten"}
    pod = {
        "containers": [
            {
                "name": "program",
                "image": "localhost/nothing:1",
                "imagePullPolicy": "Never",
                "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            }
        ],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    }
    requests = {"requests": {"storage": "1Gi"}}
    objects = [
        ("v1", "Namespace", NAMESPACE, {}),
        ("v1", "Service", "page", {"type": "LoadBalancer", "selector": selector, "ports": [{"port": 80}]}),
        ("v1", "PersistentVolumeClaim", "data", {"accessModes": ["ReadWriteOnce"], "resources": requests}),
        (
            "apps/v1",
            "Deployment",
            "program",
            {"selector": {"matchLabels": selector}, "template": {"metadata": {"labels": selector}, "spec": pod}},
        ),
    ]
    items = [
        {"apiVersion": version, "kind": kind, "spec": spec}
        | {"metadata": {"name": name} | ({} if kind == "Namespace" else {"namespace": NAMESPACE})}
        for version, kind, name, spec in objects
    ]
    (file := tmp_path / "objects.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    (folder := tmp_path / "disk").mkdir()
    kubectl(kubeconfig, "apply", "-f", str(file))
    with disk(kubeconfig, folder, namespace=NAMESPACE, claim="data", size="1Gi"):
        wait_until("it has an address", lambda: jsonpath(kubeconfig, "service/page", "{.status.loadBalancer.ingress}"))
        wait_until(
            "the claim is bound",
            lambda: jsonpath(kubeconfig, "persistentvolumeclaim/data", "{.status.phase}") == "Bound",
        )
        yield
        kubectl(kubeconfig, "delete", "namespace", NAMESPACE, "--ignore-not-found")


def jsonpath(kubeconfig: str, name: str, path: str) -> str:
    return kubectl(kubeconfig, "get", "-n", NAMESPACE, name, "-o", f"jsonpath={path}")


@pytest.mark.usefixtures("of_the_past")
def test_addresses_and_volumes_go_and_nobody_makes_them_again(
    cluster_api: Cluster, kubeconfig: str, proof: Proof
) -> None:
    (claim,) = [each for each in claims(cluster_api) if each.namespace == NAMESPACE]
    assert (str(claim), claim.volume) == (f"{NAMESPACE}/data (1Gi)", f"e2e-{NAMESPACE}-data")
    said: list[str] = []
    begun = time.monotonic()

    stuck = drain(cluster_api, said.append, limit_seconds=120)

    assert stuck == []
    assert f"deletes services {NAMESPACE}/page" in said
    assert kubectl(kubeconfig, "get", "-n", NAMESPACE, "all,persistentvolumeclaims", "-o", "name") == ""
    assert "kubernetes" in kubectl(kubeconfig, "get", "services", "-n", "default", "-o", "name")
    assert drain(cluster_api, said.append, limit_seconds=0) == []
    proof(f"a cluster drained of a public address and a volume in {time.monotonic() - begun:.0f} s")


@pytest.mark.usefixtures("of_the_past")
def test_what_does_not_go_in_time_is_named(cluster_api: Cluster, kubeconfig: str) -> None:
    patch = json.dumps({"metadata": {"finalizers": [STUCK]}})
    kubectl(kubeconfig, "patch", "-n", NAMESPACE, "service/page", "--type=merge", "-p", patch)

    try:
        assert drain(cluster_api, lambda _: None, limit_seconds=4) == [f"services {NAMESPACE}/page"]
    finally:
        free = json.dumps([{"op": "remove", "path": "/metadata/finalizers"}])
        kubectl(kubeconfig, "patch", "-n", NAMESPACE, "service/page", "--type=json", "-p", free)
