"""The InferenceService of a model, as `serve()` and the construct `InferenceService` both hand it to KServe.

Source: https://kserve.github.io/website/docs/reference/crd-api
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from modelyard.errors import ConfigurationError
from modelyard.names import dns_label
from modelyard.restricted import restricted_container, restricted_pod
from modelyard.serving.model_format import ModelFormat

#: The ClusterServingRuntime of the add-on `kserve`.
RUNTIME = "modelyard"
PORT = 8080
#: Of what `serve()` made: the model's content, its framework, and what pods are told from former ones by.
VERSION_LABEL, FRAMEWORK_LABEL, REVISION_LABEL = "modelyard/version", "modelyard/framework", "modelyard/revision"
#: Of the data frame that a model was fitted to, as a JSON array.
COLUMNS_ANNOTATION = "modelyard/columns"
#: KServe makes a host name of it and the namespace, and a Deployment's name with a suffix.
LONGEST_NAME = 40
_NONE: Mapping[str, str] = MappingProxyType({})
_USER = 10001
_MODELS = "/mnt/models"
# As ModelService's: where replicas are added.
_CPU_PERCENT = 70
# As ModelService's: until the last node has heard that the pod takes no more.
_DRAIN_SECONDS = 10


def inference_service(
    *,
    name: str,
    model_format: ModelFormat,
    storage_uri: str | None,
    service_account: str,
    requests: Mapping[str, str],
    limits: Mapping[str, str],
    replicas: int = 1,
    max_replicas: int | None = None,
    labels: Mapping[str, str] = _NONE,
    pod_labels: Mapping[str, str] = _NONE,
    model_image: str | None = None,
) -> dict[str, Any]:
    """A `serving.kserve.io/v1beta1` InferenceService, without a namespace.

    Its pods keep to the `restricted` Pod Security Standard and are found by Prometheus.

    Args:
        name: A DNS label of at most 40 characters.
        model_format: Of the saved model.
        storage_uri: The model's folder, as KServe takes it; None with `model_image`.
        service_account: Who the pods are.
        requests: Of the model's server, as Kubernetes quantities.
        limits: The same.
        replicas: At least 1.
        max_replicas: Adds replicas up to this many as the CPU's use grows; None keeps `replicas`.
        labels: Of the InferenceService; KServe hands them on to everything that it makes.
        pod_labels: Of the pods besides.
        model_image: An image whose /models holds the model's files, and which has `cp`.

    Raises:
        ConfigurationError: The name, the replicas, or not exactly one of `storage_uri` and `model_image`.
    """
    _check(storage_uri=storage_uri, model_image=model_image, replicas=replicas, max_replicas=max_replicas)
    resources = {"requests": dict(requests), "limits": dict(limits)}
    model: dict[str, Any] = {
        "modelFormat": {"name": model_format},
        "runtime": RUNTIME,
        "resources": resources,
        "securityContext": restricted_container(),
        "readinessProbe": {
            "httpGet": {"path": "/v2/health/ready", "port": PORT},
            "periodSeconds": 3,
            "timeoutSeconds": 3,
            "failureThreshold": 2,
        },
        # It goes on answering until all have heard that it will not.
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", str(_DRAIN_SECONDS)]}}},
        # Why a model did not load stands in the pod's status then.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    predictor: dict[str, Any] = {
        "annotations": {
            "prometheus.io/scrape": "true",
            "prometheus.io/port": str(PORT),
            "prometheus.io/path": "/metrics",
        },
        "labels": dict(pod_labels),
        "serviceAccountName": service_account,
        # Clouds hand out their tokens in other ways; Kubernetes' API is none of a model's business.
        "automountServiceAccountToken": False,
        "securityContext": restricted_pod(_USER),
        "minReplicas": replicas,
        "maxReplicas": max_replicas or replicas,
        # A pod that does not come up takes no old one with it.
        "deploymentStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "model": model,
    }
    if max_replicas:
        predictor |= {"scaleMetric": "cpu", "scaleTarget": _CPU_PERCENT}
    model["storageUri"] = storage_uri or f"oci://{model_image}"
    if model_image:
        predictor |= _copied_from(model_image, resources)
        model["volumeMounts"] = [{"name": "model", "mountPath": _MODELS, "readOnly": True}]
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": dns_label(name, what="the model's name", longest=LONGEST_NAME),
            "labels": dict(labels),
            "annotations": {
                "serving.kserve.io/deploymentMode": "Standard",
                # Without it, KServe makes an autoscaler even for a fixed number.
                "serving.kserve.io/autoscalerClass": "hpa" if max_replicas else "none",
            },
        },
        "spec": {"predictor": predictor},
    }


def _check(*, storage_uri: str | None, model_image: str | None, replicas: int, max_replicas: int | None) -> None:
    if (storage_uri is None) == (model_image is None):
        raise ConfigurationError(
            f"storage_uri = {storage_uri!r}, model_image = {model_image!r}", mend="give exactly one of the two"
        )
    if replicas < 1:
        raise ConfigurationError(f"replicas = {replicas}", mend="write at least 1")
    if max_replicas is not None and max_replicas < replicas:
        raise ConfigurationError(
            f"max_replicas = {max_replicas} is below replicas = {replicas}",
            mend="write a larger max_replicas, or leave it out for a fixed number",
        )


def _copied_from(image: str, resources: Mapping[str, object]) -> dict[str, Any]:
    """A volume with what the image's /models holds.

    KServe's own way of images is a container beside the server's, which sees its processes and is not restricted. It
    leaves alone what has its init container already (v0.19.0, storage_initializer_injector.go), and the add-on has
    that way turned off.
    """
    copy = {
        "name": "storage-initializer",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["cp", "-r", "/models/.", _MODELS],
        # A pod is given the larger of what its init containers and its containers ask for: these cost nothing.
        "resources": dict(resources),
        "securityContext": restricted_container(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "model", "mountPath": _MODELS}],
    }
    return {"initContainers": [copy], "volumes": [{"name": "model", "emptyDir": {}}]}
