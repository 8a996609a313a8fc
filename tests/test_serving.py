"""What serve() makes and says, as far as no cluster is needed; the rest is in tests/e2e/test_serving.py."""

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from modelyard.errors import ConfigurationError
from modelyard.serving import inference_service, serve
from modelyard.serving.picture import picture
from modelyard.serving.predictions import Predictor
from modelyard.serving.service import default_name

import numpy as np
import pytest

from tests.background_server import answering

SIZE: dict[str, Any] = {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}


def manifest(**given: object) -> dict[str, Any]:
    model = {
        "name": "iris",
        "model_format": "sklearn",
        "service_account": "models",
        "storage_uri": "gs://b/m/1",
        **SIZE,
    }
    return inference_service(**cast(Any, {**model, **given}))


def test_serve_is_imported_without_a_framework_or_a_client() -> None:
    program = """
import sys
from modelyard.serving import inference_service, serve
slow = {"cdktf", "jsii", "keras", "kr8s", "numpy", "obstore", "onnx", "sklearn", "torch", "xgboost"}
assert not slow & set(sys.modules), slow & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_a_model_is_kept_at_its_number_of_replicas_unless_it_may_have_more() -> None:
    fixed, scaled = manifest(replicas=2), manifest(replicas=2, max_replicas=5)

    annotation = "serving.kserve.io/autoscalerClass"
    assert (fixed["metadata"]["annotations"][annotation], fixed["spec"]["predictor"]["maxReplicas"]) == ("none", 2)
    assert (scaled["metadata"]["annotations"][annotation], scaled["spec"]["predictor"]["maxReplicas"]) == ("hpa", 5)


def test_an_images_model_is_copied_to_where_the_runtime_looks() -> None:
    predictor = manifest(storage_uri=None, model_image="localhost/iris:1")["spec"]["predictor"]

    (copy,) = predictor["initContainers"]
    assert copy["command"] == ["cp", "-r", "/models/.", "/mnt/models"]
    assert predictor["model"]["volumeMounts"] == [{"name": "model", "mountPath": "/mnt/models", "readOnly": True}]
    # Else KServe takes it for a server of several models; what has this init container, it leaves alone.
    assert predictor["model"]["storageUri"] == "oci://localhost/iris:1"
    assert copy["name"] == "storage-initializer"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "Iris"}, "'Iris' has other characters than a-z"),
        ({"name": "a" * 41}, "has 41 characters, 40 are allowed"),
        ({"replicas": 0}, "replicas = 0"),
        ({"replicas": 3, "max_replicas": 2}, "max_replicas = 2 is below replicas = 3"),
        ({"storage_uri": None}, "storage_uri = None, model_image = None"),
        ({"model_image": "localhost/iris:1"}, "model_image = 'localhost/iris:1'"),
    ],
)
def test_what_kserve_would_not_take_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        manifest(**given)

    assert said in caught.value.what


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "My Model"}, "the endpoint's name 'My Model'"),
        ({"memory": "1 GB"}, "'1 GB'"),
        ({"replicas": 0}, "= 0"),
    ],
)
def test_wrong_words_are_refused_before_a_cluster_is_asked(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        serve(object(), **given)

    assert said in caught.value.what


@pytest.mark.parametrize(
    ("class_name", "name"),
    [
        ("RandomForestClassifier", "random-forest-classifier"),
        ("XGBClassifier", "xgb-classifier"),
        ("Net_2", "net-2"),
        ("A" + "b" * 38 + "Cde", "a" + "b" * 38),
    ],
)
def test_an_endpoint_is_named_after_the_models_class(class_name: str, name: str) -> None:
    assert default_name(type(class_name, (), {})()) == name


def test_a_picture_shows_what_it_is_given_as_text() -> None:
    shown = picture("<b>", "n", {"url": "<script>"}, dashboard='https://x/"onclick=')

    assert "<script>" not in shown
    assert "<b>" not in shown
    assert 'href="https://x/&quot;onclick="' in shown
    assert "javascript:" not in picture("a", "n", {}, dashboard="javascript:alert(1)")


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[Any]]]:
    """Echoes its first input, twice if two are given; answers what it is told to for text."""
    requests: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append(body)
            first = body["inputs"][0]
            status, answer = 200, {"outputs": body["inputs"]}
            if first["datatype"] == "BYTES" and str(first["data"][0]).isdigit():
                status, answer = int(first["data"][0]), {"error": "too hot\nreally"}
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}", requests


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float32", "float64"])
def test_arrays_come_back_as_they_were_sent(server: tuple[str, list[Any]], dtype: str) -> None:
    rows = np.array([[0, 1], [1, 3]]).astype(dtype)

    answer = Predictor("iris", lambda: server[0]).predict(rows, None)

    assert isinstance(answer, np.ndarray)
    assert answer.dtype == dtype
    np.testing.assert_array_equal(answer, rows)


def test_missing_values_and_text_are_sent_as_they_are(server: tuple[str, list[Any]]) -> None:
    url, requests = server
    requests.clear()

    Predictor("iris", lambda: url).predict(np.array([[1.5, np.nan]]), "predict_proba")
    Predictor("iris", lambda: url).predict(np.array([["a", 1]], dtype=object), None)

    assert [each["inputs"][0]["data"] for each in requests] == [[1.5, None], ["a", 1]]
    assert requests[0]["parameters"] == {"method": "predict_proba"}


def test_several_inputs_and_outputs_go_by_name(server: tuple[str, list[Any]]) -> None:
    answer = Predictor("iris", lambda: server[0]).predict({"a": [[1]], "b": [[2.5]]}, None)

    assert {name: each.tolist() for name, each in dict(answer).items()} == {"a": [[1]], "b": [[2.5]]}


@pytest.mark.parametrize(
    ("status", "said"),
    [("400", "'iris' does not take these rows: too hot really"), ("500", "'iris' failed: too hot really")],
)
def test_what_the_server_refuses_is_one_line(server: tuple[str, list[Any]], status: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Predictor("iris", lambda: server[0]).predict([[status]], None)

    assert caught.value.what == said


def test_rows_of_several_lengths_are_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Predictor("iris", lambda: "http://127.0.0.1:1").predict([[1, 2], [3]], None)

    assert caught.value.what.startswith("the rows are no array: ")
