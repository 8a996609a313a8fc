"""The artifact store of a cluster without a cloud: VersityGW, which keeps the objects of an S3 API as files.

It is the namespace's own, so that the credentials stand where the workflows are, and nowhere else.
"""

import json
from collections.abc import Mapping
from typing import Any

from modelyard import PodRequests, Resources
from modelyard.restricted import restricted_container, restricted_pod

from stacks.add_ons.argo_workflows.repository import KEY_FORMAT

# Apache-2.0, one program, kept well. (MinIO was archived in April 2026.)
IMAGE = "ghcr.io/versity/versitygw:v1.8.0"
NAME = "artifacts"
#: A folder of the volume.
BUCKET = "artifacts"
FOLDER = f"/data/{BUCKET}"
PORT = 7070
#: Keys of the Secret.
ACCESS_KEY, SECRET_KEY = "access-key", "secret-key"
# 33 MB at rest.
PODS = PodRequests(name=NAME, resources=Resources(cpu="50m", memory="256Mi", cpu_limit="500m"))
LABELS = {"app.kubernetes.io/component": NAME}
_USER = 10001


def manifests(
    *, namespace: str, claim: str, credentials: str, pod_annotations: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The store, and that it is the artifact repository of the namespace's workflows.

    Args:
        namespace: Of the workflows.
        claim: Of its volume.
        credentials: The Secret with both keys.
        pod_annotations: Other ones replace the pod.
    """
    deployment = {
        "replicas": PODS.replicas,
        "selector": {"matchLabels": LABELS},
        # The volume is one pod's at a time.
        "strategy": {"type": "Recreate"},
        "template": {
            "metadata": {"labels": LABELS, "annotations": dict(pod_annotations)},
            "spec": _pod(claim, credentials),
        },
    }
    return [
        _object("apps/v1", "Deployment", spec=deployment),
        _object("v1", "Service", spec={"selector": LABELS, "ports": [{"name": "s3", "port": PORT}]}),
        _object("networking.k8s.io/v1", "NetworkPolicy", spec=_traffic()),
        _repository(namespace, credentials),
    ]


def _object(api_version: str, kind: str, *, spec: Mapping[str, object]) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": NAME, "labels": LABELS}, "spec": spec}


def _repository(namespace: str, credentials: str) -> dict[str, Any]:
    """What Argo looks for in a namespace before it takes the cluster's own repository.

    Source: https://argo-workflows.readthedocs.io/en/release-3.7/artifact-repository-ref/
    """
    s3 = {
        "endpoint": f"{NAME}.{namespace}:{PORT}",
        "insecure": True,
        "bucket": BUCKET,
        "keyFormat": KEY_FORMAT,
        "accessKeySecret": {"name": credentials, "key": ACCESS_KEY},
        "secretKeySecret": {"name": credentials, "key": SECRET_KEY},
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "artifact-repositories",
            "annotations": {"workflows.argoproj.io/default-artifact-repository": NAME},
        },
        "data": {NAME: json.dumps({"s3": s3})},
    }


def _pod(claim: str, credentials: str) -> dict[str, Any]:
    keys = {"ROOT_ACCESS_KEY_ID": ACCESS_KEY, "ROOT_SECRET_ACCESS_KEY": SECRET_KEY}
    container = {
        "name": NAME,
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": ["--port", f":{PORT}", "posix", "/data"],
        "env": [
            {"name": name, "valueFrom": {"secretKeyRef": {"name": credentials, "key": key}}}
            for name, key in keys.items()
        ],
        "ports": [{"name": "s3", "containerPort": PORT}],
        "readinessProbe": {"tcpSocket": {"port": "s3"}, "periodSeconds": 2},
        "resources": {"requests": PODS.resources.requests, "limits": PODS.resources.limits},
        "securityContext": restricted_container(),
        "volumeMounts": [
            {"name": "data", "mountPath": "/data"},
            # Makes the folder that is the bucket.
            {"name": "data", "mountPath": FOLDER, "subPath": BUCKET},
        ],
    }
    return {
        "automountServiceAccountToken": False,
        "securityContext": restricted_pod(_USER),
        "containers": [container],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}],
    }


def _traffic() -> dict[str, Any]:
    """The namespace's pods come in; it goes nowhere."""
    return {
        "podSelector": {"matchLabels": LABELS},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": PORT}]}],
    }
