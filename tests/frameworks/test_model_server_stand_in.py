"""The server that stands in for TensorFlow Serving in tests answers as that does, with the forecasts of TensorFlow."""

import contextlib
import http.client
import json
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from services.rnn_forecaster.training.random_walk import WINDOW, Windows, random_walk
from tests.frameworks.forecasts import forecasts, predict_by_grpc
from tests.frameworks.server_process import Answer
from tests.frameworks.stand_in_process import MODEL_SERVER, StandIn, started, written_config

Forecasts = dict[str, npt.NDArray[np.float32]]
_MODEL = "/v1/models/rnn-forecaster"
_WINDOW = [float(each) for each in range(WINDOW)]


@pytest.fixture(scope="module")
def inputs() -> npt.NDArray[np.float32]:
    return Windows.of(random_walk(5)).inputs[::2000]


@pytest.fixture(scope="module")
def wanted(inputs: npt.NDArray[np.float32]) -> Forecasts:
    """By TensorFlow itself."""
    models = [MODEL_SERVER / "models" / name / "1" for name in ("a", "b")]
    return dict(zip(("a", "b"), forecasts(inputs, models), strict=True))


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], StandIn]]:
    """A server with one of the image's configs, started once."""
    with ExitStack() as servers:

        @cache
        def of(config: str) -> StandIn:
            server = servers.enter_context(started(written_config(tmp_path_factory.mktemp("server"), config)))
            server.wait_for("Exporting HTTP/REST API")
            return server

        yield of


def _post(server: StandIn, path: str, body: object) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return server.rest.ask("POST", path, content)


@pytest.mark.parametrize(("config", "side"), [("a", "a"), ("b", "b"), ("both", "a"), ("both", "b")])
def test_each_config_serves_its_models_with_the_forecasts_of_tensorflow(
    serving: Callable[[str], StandIn],
    inputs: npt.NDArray[np.float32],
    wanted: Forecasts,
    config: str,
    side: str,
) -> None:
    model = f"rnn-forecaster-{side}" if config == "both" else "rnn-forecaster"
    server = serving(config)

    for path in (f"/v1/models/{model}", f"/v1/models/{model}/versions/1", f"/v1/models/{model}/labels/stable"):
        answer = _post(server, f"{path}:predict", {"instances": inputs.tolist()})
        assert answer.status == 200, answer.body
        np.testing.assert_allclose(answer.body["predictions"], wanted[side], rtol=1e-5)
    answered = predict_by_grpc(server.grpc_port, model, inputs)
    np.testing.assert_allclose(answered["forecast"], wanted[side], rtol=1e-5)
    assert (answered["model"], answered["version"]) == (model, 1)


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"instances": [{"series": _WINDOW}]}, "predictions"),
        ({"inputs": {"series": [_WINDOW]}}, "outputs"),
        ({"inputs": [_WINDOW], "signature_name": "serving_default"}, "outputs"),
    ],
)
def test_rows_and_columns_are_answered_in_their_own_form(
    serving: Callable[[str], StandIn], body: dict[str, Any], key: str
) -> None:
    plain = _post(serving("a"), f"{_MODEL}:predict", {"instances": [_WINDOW]}).body["predictions"]

    answer = _post(serving("a"), f"{_MODEL}:predict", body)

    assert (answer.status, answer.body) == (200, {key: plain})
    assert answer.headers["Content-Type"] == "application/json"


def test_a_loaded_model_tells_its_status_and_its_signature(serving: Callable[[str], StandIn]) -> None:
    server = serving("a")

    status, metadata = server.rest.ask("GET", _MODEL), server.rest.ask("GET", f"{_MODEL}/metadata")

    assert (status.status, metadata.status) == (200, 200)
    available = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert status.body == {"model_version_status": [available]}
    assert metadata.body["model_spec"] == {"name": "rnn-forecaster", "signature_name": "", "version": "1"}
    signature = metadata.body["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    for name, given, sizes in (("series", "inputs", ["-1", "100"]), ("forecast", "outputs", ["-1", "1"])):
        [(key, info)] = signature[given].items()
        assert (key, info["dtype"]) == (name, "DT_FLOAT")
        assert [each["size"] for each in info["tensor_shape"]["dim"]] == sizes


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/v1/models/other", 404, "Could not find any versions of model other"),
        (f"{_MODEL}/versions/7", 404, "Could not find version 7 of model rnn-forecaster"),
        ("/v1/models/other/metadata", 404, "Servable not found for request: Latest(other)"),
        (f"{_MODEL}/versions/7/metadata", 404, "Servable not found for request: Specific(rnn-forecaster, 7)"),
        (f"{_MODEL}/labels/canary/metadata", 400, "Unrecognized servable version label: canary"),
        (f"{_MODEL}:predict", 400, f"Malformed request: GET {_MODEL}:predict"),
    ],
)
def test_what_is_not_served_is_an_error_of_tensorflow_serving(
    serving: Callable[[str], StandIn], path: str, status: int, error: str
) -> None:
    answer = serving("a").rest.ask("GET", path)

    assert (answer.status, answer.body) == (status, {"error": error})


def test_outside_of_the_api_there_is_nothing(serving: Callable[[str], StandIn]) -> None:
    assert serving("a").rest.ask("GET", "/").status == 404


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("/v1/models/other:predict", {"instances": [_WINDOW]}, 404, "Servable not found for request: Latest(other)"),
        (f"{_MODEL}/labels/x:predict", {"instances": [_WINDOW]}, 400, "Unrecognized servable version label: x"),
        (f"{_MODEL}:forecast", {}, 400, f"Malformed request: POST {_MODEL}:forecast"),
        (f"{_MODEL}:predict", b"", 400, "JSON Parse error: The document is empty"),
        (f"{_MODEL}:predict", b"{'", 400, "JSON Parse error: "),
        (f"{_MODEL}:predict", [1], 400, "JSON Value: [1] Is not object"),
        (f"{_MODEL}:predict", {}, 400, "Missing 'inputs' or 'instances' key"),
        (f"{_MODEL}:predict", {"instances": []}, 400, "No values in 'instances' array"),
        (f"{_MODEL}:predict", {"inputs": {"x": 1}}, 400, "Missing named input: series in 'inputs' object."),
        (f"{_MODEL}:predict", {"signature_name": "x"}, 400, 'Serving signature name: "x" not found in signature def'),
        (f"{_MODEL}:predict", {"instances": [_WINDOW, [1.0]]}, 400, "Expecting tensor size: 100 but got: 1"),
        (f"{_MODEL}:predict", {"instances": [["x"]]}, 400, 'JSON Value: "x" Type: String is not of expected type'),
        (f"{_MODEL}:predict", {"instances": [{"x": 1}]}, 400, "JSON object: does not have named input: x"),
        (
            f"{_MODEL}:predict",
            {"instances": [_WINDOW[:99]]},
            400,
            "[1,99] is not compatible with expected shape",
        ),
        (f"{_MODEL}:predict", {"instances": [_WINDOW * 2]}, 400, "[1,200] is not compatible with expected shape"),
    ],
)
def test_a_wrong_request_is_refused_with_the_words_of_tensorflow_serving(
    serving: Callable[[str], StandIn], path: str, body: object, status: int, error: str
) -> None:
    answer = _post(serving("a"), path, body)

    assert answer.status == status
    assert list(answer.body) == ["error"]
    assert error in answer.body["error"]


def test_a_connection_is_good_for_the_next_request_after_a_refused_one(serving: Callable[[str], StandIn]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", serving("a").rest.port, timeout=30)
    body = json.dumps({"instances": [_WINDOW]})
    statuses = []
    with contextlib.closing(connection):
        for path in (f"{_MODEL}:forecast", "/v1/models/other:predict", "/other", f"{_MODEL}:predict"):
            connection.request("POST", path, body)
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)

    assert statuses == [400, 404, 404, 200]


def test_grpc_tells_of_a_missing_model_by_its_status(
    serving: Callable[[str], StandIn], inputs: npt.NDArray[np.float32]
) -> None:
    answered = predict_by_grpc(serving("a").grpc_port, "other", inputs)

    assert answered == {"code": "NOT_FOUND", "details": "Servable not found for request: Latest(other)"}


def test_requests_are_counted_by_model_and_status_and_timed_in_microseconds(
    serving: Callable[[str], StandIn],
) -> None:
    server = serving("b")
    counted = ':tensorflow:serving:request_count{model_name="rnn-forecaster",status="%s"}'
    timed = ':tensorflow:serving:request_latency_%s{model_name="rnn-forecaster",API="predict",entrypoint="REST"%s}'

    def now(sample: str) -> float:
        return server.rest.metric(sample) or 0

    before = [now(counted % "OK"), now(counted % "INVALID_ARGUMENT"), now(timed % ("count", ""))]
    assert _post(server, f"{_MODEL}:predict", {"instances": [_WINDOW]}).status == 200
    assert _post(server, f"{_MODEL}:predict", {}).status == 400
    # A probe is a request, too.
    assert server.rest.ask("GET", f"{_MODEL}/metadata").status == 200

    after = [now(counted % "OK"), now(counted % "INVALID_ARGUMENT"), now(timed % ("count", ""))]
    assert [new - old for new, old in zip(after, before, strict=True)] == [2, 1, 1]
    assert now(timed % ("bucket", ',le="+Inf"')) == after[2]
    assert now(timed % ("sum", "")) > 100
    lines = server.rest.ask("GET", "/metrics").body.splitlines()
    assert "# TYPE :tensorflow:serving:request_latency histogram" in lines


@pytest.mark.parametrize("config", ["b", "both"])
def test_a_model_that_does_not_load_ends_the_server_with_the_reason(tmp_path: Path, config: str) -> None:
    models = tmp_path / "models"
    shutil.copytree(MODEL_SERVER / "models", models)
    (models / "b" / "1" / "saved_model.pb").write_bytes(b"broken")

    with started(written_config(tmp_path, config, models)) as server:
        assert server.rest.process.wait(300) == 255

        name = "rnn-forecaster" if config == "b" else "rnn-forecaster-b"
        failed = f"{{{{{{name: {name} version: 1}} due to error: "
        assert f"Error: UNKNOWN: 1 servable(s) did not become available: {failed}" in server.said


def test_ports_stay_closed_until_a_model_is_there(tmp_path: Path) -> None:
    models = tmp_path / "models"
    (models / "a").mkdir(parents=True)

    with started(written_config(tmp_path, "a", models), "--file_system_poll_wait_seconds=1") as server:
        server.wait_for("No versions of servable rnn-forecaster found under base path")
        for port in (server.rest.port, server.grpc_port):
            with socket.socket() as client:
                assert client.connect_ex(("127.0.0.1", port)) != 0
        shutil.copytree(MODEL_SERVER / "models" / "a" / "1", models / "a" / "1.tmp")
        (models / "a" / "1.tmp").rename(models / "a" / "1")
        server.wait_for("Exporting HTTP/REST API")
        assert server.rest.ask("GET", f"{_MODEL}/metadata").status == 200


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            ["--allow_version_labels_for_unavailable_models=false"],
            "FAILED_PRECONDITION: Request to assign label to version 1 of model rnn-forecaster, which is not currently "
            "available for inference",
        ),
        (["--monitoring_config_file={config}"], "INVALID_ARGUMENT: Invalid protobuf file"),
        (["--model_config_file={config}.none"], "NOT_FOUND: "),
    ],
)
def test_a_start_that_is_configured_wrongly_fails_with_the_reason(tmp_path: Path, flags: list[str], said: str) -> None:
    config = written_config(tmp_path, "a")

    with started(config, *(each.format(config=config) for each in flags)) as server:
        assert server.rest.process.wait(300) == 255
        assert f"Failed to start server. Error: {said}" in server.said
