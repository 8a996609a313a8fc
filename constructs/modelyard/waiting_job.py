"""A Job that waits in the cluster: Helm, told to wait for Jobs, then goes on only when it has ended."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from modelyard.names import dns_label
from modelyard.resources import Resources
from modelyard.restricted import restricted_container, restricted_pod

#: Begins with `kubectl`: there need be no shell in it.
IMAGE = "registry.k8s.io/kubectl:v1.34.2"
#: kubectl took 40 MB.
RESOURCES = Resources(cpu="10m", memory="128Mi", cpu_limit="500m")

_FILES = "/files"
_USER = 65532
_RBAC = "rbac.authorization.k8s.io"
# Of 63, for Jobs: what their pods' names add.
_LONGEST_NAME = 50
_HASH_CHARACTERS = 8
_NO_FILES: Mapping[str, Mapping[str, object]] = MappingProxyType({})

Rules = Sequence[Mapping[str, Sequence[str]]]


def waiting_job(
    name: str,
    *,
    namespace: str,
    arguments: Sequence[str],
    rules: Rules,
    cluster_rules: Rules = (),
    files: Mapping[str, Mapping[str, object]] = _NO_FILES,
    revision: str = "",
) -> list[dict[str, Any]]:
    """A Job that repeats a `kubectl` command until it succeeds, with the rights for it; for `Manifests`.

    Tries follow one another at once, then after 10, 20, 40 … seconds, until Helm's time is over.

    Args:
        name: Of the objects; the Job's has a hash after it, since a Job cannot be changed.
        namespace: Where the Job runs.
        arguments: Of `kubectl`, in that namespace unless they say another. No tokens, which would change the hash.
        rules: What the Job may do in its namespace, as a Role has them.
        cluster_rules: What it may do with objects that are in no namespace, as a ClusterRole has them.
        files: Objects, which the command finds in `/files` under these names. No tokens either.
        revision: Another one runs the Job again, for example the version of what it waits for.

    Raises:
        ConfigurationError: The name is none, or too long.
    """
    checked = dns_label(name, what="the Job's name", longest=_LONGEST_NAME)
    content = json.dumps([IMAGE, list(arguments), dict(files), revision], sort_keys=True)
    job = f"{checked}-{hashlib.sha256(content.encode()).hexdigest()[:_HASH_CHARACTERS]}"
    subject = {"kind": "ServiceAccount", "name": checked, "namespace": namespace}
    objects = [_object("v1", "ServiceAccount", checked)]
    objects += _granted("Role", checked, rules, subject)
    # Names that no other namespace has, too.
    objects += _granted("ClusterRole", f"{namespace}-{checked}", cluster_rules, subject) if cluster_rules else []
    if files:
        data = {file: json.dumps(content) for file, content in files.items()}
        objects.append({**_object("v1", "ConfigMap", job), "data": data})
    return [*objects, {**_object("batch/v1", "Job", job), "spec": _job(checked, job, arguments, has_files=bool(files))}]


def _job(account: str, name: str, arguments: Sequence[str], *, has_files: bool) -> dict[str, Any]:
    container = {
        "name": "kubectl",
        "image": IMAGE,
        "args": list(arguments),
        "resources": {"requests": RESOURCES.requests, "limits": RESOURCES.limits},
        "securityContext": restricted_container(),
        # What it said last is in the pod's status.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "files", "mountPath": _FILES, "readOnly": True}] if has_files else [],
    }
    pod = {
        "serviceAccountName": account,
        "restartPolicy": "OnFailure",
        "securityContext": restricted_pod(_USER),
        "containers": [container],
        "volumes": [{"name": "files", "configMap": {"name": name}}] if has_files else [],
    }
    # Helm's time is over long before it has tried so often.
    return {"backoffLimit": 100, "template": {"spec": pod}}


def _granted(kind: str, name: str, rules: Rules, subject: Mapping[str, str]) -> list[dict[str, Any]]:
    role = {**_object(f"{_RBAC}/v1", kind, name), "rules": [dict(rule) for rule in rules]}
    binding = {
        **_object(f"{_RBAC}/v1", f"{kind}Binding", name),
        "roleRef": {"apiGroup": _RBAC, "kind": kind, "name": name},
        "subjects": [dict(subject)],
    }
    return [role, binding]


def _object(api_version: str, kind: str, name: str) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}
