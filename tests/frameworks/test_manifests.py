"""InferenceServices as KServe's own models, and Kubernetes' in them, take them."""

from typing import Any, cast

from modelyard.serving.manifest import inference_service

import kserve
import pytest
from kubernetes import client

SIZE = {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}
MODEL = {"name": "iris", "model_format": "sklearn", "service_account": "models", "pod_labels": {"a": "b"}, **SIZE}


@pytest.mark.parametrize(
    "given",
    [
        {"storage_uri": "gs://bucket/models/iris/1"},
        {"storage_uri": "https://account.blob.core.windows.net/artifacts/models/iris/1", "replicas": 3},
        {"storage_uri": None, "model_image": "localhost/iris:1", "max_replicas": 4},
    ],
)
def test_every_key_and_value_is_one_of_kserves_models(given: dict[str, object]) -> None:
    manifest = inference_service(**cast(Any, {**MODEL, **given}))

    assert read_as("V1beta1InferenceService", manifest) == manifest


def test_a_key_that_kserve_does_not_know_is_noticed() -> None:
    manifest = inference_service(**cast(Any, {**MODEL, "storage_uri": "gs://bucket/models/iris/1"}))
    manifest["spec"]["predictor"]["model"]["storage_uri"] = "gs://bucket/models/iris/1"

    with pytest.raises(KeyError, match="storage_uri"):
        read_as("V1beta1InferenceService", manifest)


def read_as(kind: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    """What is left of a value once it has been an object of the SDKs.

    KServe's models refuse keys that they have not, with a KeyError; of Kubernetes' the API server does
    (tests/e2e/test_serving.py).
    """
    if kind.startswith("list["):
        return [read_as(kind[5:-1], each) for each in value]
    if model := getattr(kserve, kind, None):
        attributes = {key: attribute for attribute, key in model.attribute_map.items()}
        read = {key: read_as(model.openapi_types[attributes[key]], each) for key, each in value.items()}
        model(**{attributes[key]: each for key, each in read.items()})  # checks what has to be there
        return read
    # KServe's name of it has the package's in front.
    if model := getattr(client, kind.replace("K8sIoApiApps", ""), None):
        return model.model_validate(value).model_dump(by_alias=True, exclude_none=True)
    return value
