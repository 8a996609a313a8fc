"""An object store in a service's own namespace, for clusters without a cloud: VersityGW, S3's API over files.

It is the namespace's own, so that the credentials stand where they are used, and nowhere else.
"""

from collections.abc import Mapping
from typing import Any

from modelyard.generated_secret import GeneratedSecret
from modelyard.manifests import Manifests
from modelyard.pod_requests import PodRequests
from modelyard.resources import Resources
from modelyard.restricted import restricted_container, restricted_pod
from modelyard.service_scope import service_of
from modelyard.volume import add_claim

from constructs import Construct

# Apache-2.0, one program, kept well. (MinIO was archived in April 2026.)
IMAGE = "ghcr.io/versity/versitygw:v1.8.0"
#: Of the Deployment, the Service, the volume's claim and the Secret.
NAME = "artifacts"
#: A folder of the volume.
BUCKET = "artifacts"
PORT = 7070
#: Keys of the Secret, as S3's own programs call them.
ACCESS_KEY, SECRET_KEY = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
_FOLDER = f"/data/{BUCKET}"
# 33 MB at rest.
_PODS = PodRequests(name=NAME, resources=Resources(cpu="50m", memory="256Mi", cpu_limit="500m"))
_LABELS = {"app.kubernetes.io/component": NAME}
_USER = 10001


class ObjectStore(Construct):
    """One bucket behind S3's API, reached by the pods of its namespace with keys that are made in the cluster.

    Args:
        scope: The service's stack, or a construct in it.
        id_: The construct's id; renaming it replaces the store and all that is in it.
        namespace: Which has the service's name, best as a reference: `add_namespace(…).metadata.name`.
        size: Of its volume, a Kubernetes quantity.

    Attributes:
        service: The name of its Service.
        port: Of its Service.
        address: Both, for other namespaces too.
        credentials: The Secret with `ACCESS_KEY` and `SECRET_KEY`.
        release: The Helm release; who uses the store waits for it.
    """

    def __init__(self, scope: Construct, id_: str, *, namespace: str, size: str = "10Gi") -> None:
        super().__init__(scope, id_)
        service = service_of(scope)
        self.service, self.port = NAME, PORT
        self.address = f"{NAME}.{service.service_name}:{PORT}"
        secret = GeneratedSecret(
            self,
            "credentials",
            name=NAME,
            namespace=namespace,
            keys=[ACCESS_KEY, SECRET_KEY],
            # What KServe looks for (kserve/kserve, pkg/credentials/s3/s3_secret.go).
            secret_annotations={
                "serving.kserve.io/s3-endpoint": self.address,
                "serving.kserve.io/s3-usehttps": "0",
                "serving.kserve.io/s3-region": "us-east-1",
                "serving.kserve.io/s3-usevirtualbucket": "0",
            },
        )
        self.credentials = secret.name
        claim = add_claim(
            self,
            "volume",
            metadata={"name": NAME, "namespace": namespace, "labels": service.labels},
            size=size,
            protected=False,
            path=_FOLDER,
        )
        service.add_pods(_PODS)
        manifests = _manifests(
            claim=claim.metadata.name, credentials=self.credentials, pod_annotations=secret.annotations
        )
        self.release = Manifests(self, "store", name="store", namespace=namespace, manifests=manifests).release


def _manifests(*, claim: str, credentials: str, pod_annotations: Mapping[str, str]) -> list[dict[str, Any]]:
    deployment = {
        "replicas": _PODS.replicas,
        "selector": {"matchLabels": _LABELS},
        # The volume is one pod's at a time.
        "strategy": {"type": "Recreate"},
        "template": {
            "metadata": {"labels": _LABELS, "annotations": dict(pod_annotations)},
            "spec": _pod(claim, credentials),
        },
    }
    return [
        _object("apps/v1", "Deployment", spec=deployment),
        _object("v1", "Service", spec={"selector": _LABELS, "ports": [{"name": "s3", "port": PORT}]}),
        _object("networking.k8s.io/v1", "NetworkPolicy", spec=_traffic()),
    ]


def _object(api_version: str, kind: str, *, spec: Mapping[str, object]) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": NAME, "labels": _LABELS}, "spec": spec}


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
        "resources": {"requests": _PODS.resources.requests, "limits": _PODS.resources.limits},
        "securityContext": restricted_container(),
        "volumeMounts": [
            {"name": "data", "mountPath": "/data"},
            # Makes the folder that is the bucket.
            {"name": "data", "mountPath": _FOLDER, "subPath": BUCKET},
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
        "podSelector": {"matchLabels": _LABELS},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": PORT}]}],
    }
