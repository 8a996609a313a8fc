"""A namespace that takes models, with a store of its own, as Terraform would make it."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from modelyard import object_store
from modelyard.restricted import restricted_container, restricted_pod

from tests.e2e.clusters import Cluster
from tests.e2e.local_cluster import kubectl

BUCKET, STORE, ACCOUNT = "artifacts", "artifacts", "models"
_KEYS = {"AWS_ACCESS_KEY_ID": "models", "AWS_SECRET_ACCESS_KEY": "of-the-tests-only"}
_USER = 10001
Object = dict[str, Any]


@contextmanager
def model_namespace(cluster: Cluster, name: str) -> Iterator[str]:
    """With a running store, until the block ends."""
    objects = [
        _namespace(name),
        *(each | {"metadata": each["metadata"] | {"namespace": name}} for each in _objects(name)),
    ]
    apply(cluster, *objects)
    try:
        kubectl(cluster.kubeconfig, "rollout", "status", "-n", name, f"deployment/{STORE}", "--timeout=55s")
        yield name
    finally:
        kubectl(cluster.kubeconfig, "delete", "namespace", name, "--wait=false")


def apply(cluster: Cluster, *objects: Object) -> None:
    """By kubectl, as somebody other than `serve()`."""
    content = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    command = ["kubectl", "--kubeconfig", cluster.kubeconfig, "apply", "-f", "-"]
    done = subprocess.run(command, input=content, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def _namespace(name: str) -> Object:
    return _object("v1", "Namespace", name, labels={"pod-security.kubernetes.io/enforce": "restricted"})


def _objects(namespace: str) -> list[Object]:
    place = {
        "models": f"s3://{BUCKET}/models/{namespace}",
        "storage": f"s3://{BUCKET}/models/{namespace}",
        "service_account": ACCOUNT,
        "pod_labels": "{}",
        "dashboard": f"http://localhost:3000/d/{namespace}-{{name}}",
        "s3": json.dumps({"service": STORE, "port": object_store.PORT, "secret": STORE}),
    }
    labels = {"app": STORE}
    for_kserve = {
        "serving.kserve.io/s3-endpoint": f"{STORE}.{namespace}:{object_store.PORT}",
        "serving.kserve.io/s3-usehttps": "0",
        "serving.kserve.io/s3-region": "us-east-1",
    }
    return [
        _object("v1", "ConfigMap", "modelyard-serving") | {"data": place},
        _object("v1", "Secret", STORE, annotations=for_kserve) | {"stringData": _KEYS},
        _object("v1", "ServiceAccount", ACCOUNT) | {"secrets": [{"name": STORE}]},
        _object("v1", "Service", STORE) | {"spec": {"selector": labels, "ports": [{"port": object_store.PORT}]}},
        _object("apps/v1", "Deployment", STORE)
        | {
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": _store()},
            }
        },
    ]


def _store() -> Object:
    environment = {"ROOT_ACCESS_KEY_ID": "AWS_ACCESS_KEY_ID", "ROOT_SECRET_ACCESS_KEY": "AWS_SECRET_ACCESS_KEY"}
    container = {
        "name": STORE,
        "image": object_store.IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": ["--port", f":{object_store.PORT}", "posix", "/data"],
        "env": [
            {"name": name, "valueFrom": {"secretKeyRef": {"name": STORE, "key": key}}}
            for name, key in environment.items()
        ],
        "readinessProbe": {"tcpSocket": {"port": object_store.PORT}, "periodSeconds": 1},
        "securityContext": restricted_container(),
        # The second makes the folder that is the bucket.
        "volumeMounts": [
            {"name": "data", "mountPath": "/data"},
            {"name": "data", "mountPath": f"/data/{BUCKET}", "subPath": BUCKET},
        ],
    }
    return {
        "automountServiceAccountToken": False,
        "securityContext": restricted_pod(_USER),
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
        "volumes": [{"name": "data", "emptyDir": {}}],
    }


def _object(api_version: str, kind: str, name: str, **metadata: dict[str, str]) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **metadata}}
