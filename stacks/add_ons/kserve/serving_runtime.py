"""The runtime of all models: one image, whatever library made them."""

import json
import re
from pathlib import Path
from typing import Any

from modelyard.errors import ConfigurationError
from modelyard.restricted import restricted_container

NAME = "modelyard"
#: How models are saved.
FORMATS = ("sklearn", "xgboost", "onnx")
#: Versions by which whoever saves a model sees what will load it, as JSON.
LIBRARIES_ANNOTATION = "modelyard/libraries"

_PORT = 8080
_USER = 10001
_LIBRARIES = ("scikit-learn", "skops", "xgboost", "onnxruntime")
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def serving_runtime(image: str, libraries: dict[str, str]) -> dict[str, Any]:
    """The ClusterServingRuntime; resources are the InferenceService's."""
    container = {
        "name": "kserve-container",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-m", "model_server"],
        # KServe's own braces: the InferenceService's name.
        "args": ["--model_name={{.Name}}", "--model_dir=/mnt/models", f"--http_port={_PORT}"],
        "ports": [{"containerPort": _PORT, "protocol": "TCP"}],
        "securityContext": {
            **restricted_container(),
            # Here, for a runtime has no securityContext of the pod.
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],  # noqa: S108 - the pod's own volume
    }
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ClusterServingRuntime",
        "metadata": {"name": NAME, "annotations": {LIBRARIES_ANNOTATION: json.dumps(libraries, sort_keys=True)}},
        "spec": {
            "supportedModelFormats": [{"name": each, "version": "1", "autoSelect": True} for each in FORMATS],
            "protocolVersions": ["v1", "v2"],
            "containers": [container],
            "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "64Mi"}}],
        },
    }


def readers() -> list[dict[str, Any]]:
    """Whoever may log in sees the runtimes, and which libraries they have: there is nothing secret in it."""
    name, group = f"{NAME}-runtimes", "rbac.authorization.k8s.io"
    seen = {"apiGroups": ["serving.kserve.io"], "resources": ["clusterservingruntimes"], "verbs": ["get", "list"]}
    everybody = {"kind": "Group", "apiGroup": group, "name": "system:authenticated"}
    return [
        {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": [seen]},
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
            "subjects": [everybody],
        },
    ]


def pinned_libraries(requirements: Path) -> dict[str, str]:
    """The versions of what reads models, by the libraries' names on PyPI.

    Raises:
        ConfigurationError: One of them is not pinned.
    """
    # `xgboost-cpu` is xgboost in a build for CPUs only: what both write is the same.
    pinned = {name.removesuffix("-cpu"): version for name, version in _PINNED.findall(requirements.read_text())}
    if missing := [name for name in _LIBRARIES if name not in pinned]:
        raise ConfigurationError(
            f"no version of {', '.join(missing)}, which the runtime reads models with",
            mend="pin it: NAME==VERSION at the beginning of a line",
            where=requirements.name,
        )
    return {name: pinned[name] for name in _LIBRARIES}
