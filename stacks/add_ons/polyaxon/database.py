"""Polyaxon's PostgreSQL.

Not the one that its chart can bring: that is of images which have got no security updates since August 2025
(https://github.com/bitnami/containers/issues/83267), and it keeps the password of its first start.
"""

from collections.abc import Mapping

from modelyard import PodRequests, Resources
from modelyard.restricted import restricted_container, restricted_pod

#: Also the user and the database in it.
NAME = "polyaxon"
HOST = "polyaxon-postgresql"
PORT = 5432
PASSWORD_KEY = "POLYAXON_DB_PASSWORD"  # noqa: S105 - the name of a key
IMAGE = "docker.io/library/postgres:16.15"
PODS = PodRequests(name=HOST, resources=Resources(cpu="50m", memory="256Mi", cpu_limit="1"))

_LABELS = {"app.kubernetes.io/component": "postgresql"}
# The image's own user.
_USER = 999
# PostgreSQL reads the password from its environment only when it first makes the database. This gives it the Secret's
# at each start, so that a rotated one counts. Over loopback, where the image asks for no password, and where it does
# not listen yet while it makes the database.
TAKE_PASSWORD = rf"""
for _ in $(seq 120); do
  if printf '%s\n' '\getenv password POSTGRES_PASSWORD' "ALTER ROLE {NAME} PASSWORD :'password';" |
    psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --host=127.0.0.1 --username={NAME} --dbname={NAME}; then
    exit 0
  fi
  sleep 1
done 2>/dev/null
exit 1
"""


def manifests(*, credentials: str, claim: str, pod_annotations: Mapping[str, str]) -> list[Mapping[str, object]]:
    """Service and StatefulSet of one PostgreSQL.

    Args:
        credentials: The Secret with `PASSWORD_KEY`.
        claim: The volume that it keeps everything on. Not one of the StatefulSet's own making, which would go with the
            namespace before anybody is asked.
        pod_annotations: Other ones replace the pod.
    """
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": HOST, "labels": _LABELS},
        "spec": {"selector": _LABELS, "ports": [{"name": "postgresql", "port": PORT}], "clusterIP": "None"},
    }
    stateful_set = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": HOST, "labels": _LABELS},
        "spec": {
            "serviceName": HOST,
            "replicas": PODS.replicas,
            "selector": {"matchLabels": _LABELS},
            "template": {
                "metadata": {"labels": _LABELS, "annotations": dict(pod_annotations)},
                "spec": _pod(credentials, claim),
            },
        },
    }
    return [service, stateful_set]


def _pod(credentials: str, claim: str) -> dict[str, object]:
    container = {
        "name": "postgresql",
        "image": IMAGE,
        "env": [
            {"name": "POSTGRES_USER", "value": NAME},
            {"name": "POSTGRES_DB", "value": NAME},
            {"name": "POSTGRES_PASSWORD", "valueFrom": {"secretKeyRef": {"name": credentials, "key": PASSWORD_KEY}}},
            # Not the volume's root, which may hold lost+found.
            {"name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata"},
        ],
        "ports": [{"name": "postgresql", "containerPort": PORT}],
        "lifecycle": {"postStart": {"exec": {"command": ["bash", "-c", TAKE_PASSWORD]}}},
        "readinessProbe": {
            "exec": {"command": ["pg_isready", "--host=127.0.0.1", f"--username={NAME}"]},
            "periodSeconds": 5,
            "timeoutSeconds": 3,
        },
        "livenessProbe": {
            "exec": {"command": ["pg_isready", "--host=127.0.0.1", f"--username={NAME}"]},
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": 6,
        },
        "resources": {"requests": PODS.resources.requests, "limits": PODS.resources.limits},
        "securityContext": restricted_container(),
        "volumeMounts": [
            {"name": "data", "mountPath": "/var/lib/postgresql/data"},
            {"name": "socket", "mountPath": "/var/run/postgresql"},
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108 - the pod's own volume
        ],
    }
    return {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 60,
        "securityContext": restricted_pod(_USER),
        "containers": [container],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": claim}},
            *({"name": name, "emptyDir": {"sizeLimit": "16Mi"}} for name in ("socket", "scratch")),
        ],
    }
