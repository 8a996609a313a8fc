"""Requests that the server cannot answer, models that it cannot load, and how it ends."""

import http.client
import json
import shutil
import signal
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modelyard.serving.formats.content import Foreign

import numpy as np
import pytest

from tests.frameworks.conftest import Saved
from tests.frameworks.server_process import Answer, Server, running, start

_ROW = [5.1, 3.5, 1.4, 0.2]


@pytest.fixture(scope="session")
def server(saved: Callable[..., Saved], serving: Callable[..., Server]) -> Server:
    """Of scikit-learn's classifier of irises."""
    return serving(saved("torch").folder / "sklearn-classifier" / "model")


@pytest.fixture(scope="session")
def network(saved: Callable[..., Saved], serving: Callable[..., Server]) -> Server:
    """Of PyTorch's, which takes float32."""
    return serving(saved("torch").folder / "torch-mlp" / "model")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"instances": []}, "at least one"),
        ({"instances": {}}, "must be a list"),
        ({}, "instances"),
        ([], "instances"),
        (b"{", "Unrecognized request format"),
        (b'{"instances": [[NaN, 1, 2, 3]]}', "Unrecognized request format"),
        ({"instances": [_ROW], "instance": 1}, "'instance' is no key"),
        ({"instances": [[1, 2, 3]]}, "shape [any, 4] as 'input'; shape [1, 3] was given"),
        ({"instances": [1, 2, 3, 4]}, "shape [4] was given"),
        ({"instances": [_ROW, [1]]}, "several shapes"),
        ({"instances": [["a", 1, 2, 3]]}, "could not convert string to float: 'a'"),
        ({"instances": [[None, 1, 2, 3]]}, "without missing values; null was given"),
        ({"instances": [[{}, 1, 2, 3]]}, "several shapes"),
        ({"instances": [_ROW], "method": "decision_function"}, "it has predict, predict_proba"),
    ],
)
def test_a_wrong_request_is_refused_in_one_line(server: Server, body: Foreign, said: str) -> None:
    answer = server.predict(body)

    assert answer.status == 400, answer.body
    assert said in answer.body["error"]
    assert "\n" not in answer.body["error"]


@pytest.mark.parametrize(
    ("instances", "said"),
    [
        ([["1", 1, 2, 3]], "takes float32 of shape [any, 4] as 'input'; text was given"),
        ([[True, False, True, True]], "bool was given"),
        ([[1e300, 1, 2, 3]], "too large for it"),
        ([[None, 1, 2, 3]], "null was given"),
    ],
)
def test_a_network_takes_numbers_only(network: Server, instances: Foreign, said: str) -> None:
    answer = network.predict({"instances": instances})

    assert answer.status == 400
    assert said in answer.body["error"]


def _tensor(**changed: Foreign) -> dict[str, Any]:
    return {"name": "input", "shape": [1, 4], "datatype": "FP32", "data": _ROW, **changed}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"inputs": []}, "none was given"),
        ({}, "inputs: Field required"),
        ({"inputs": [_tensor(), _tensor(name="other")]}, "input, other was given"),
        ({"inputs": [_tensor(shape=[4, 2])]}, "is not FP32 of shape [4, 2]"),
        ({"inputs": [_tensor(shape=[1, 3], data=[1, 2, 3])]}, "shape [1, 3] was given"),
        ({"inputs": [_tensor(datatype="FP31")]}, "FP31"),
        ({"inputs": [_tensor(data=["1", 2, 3, 4])]}, "not all of its data is that"),
        ({"inputs": [_tensor(data=[None, 2, 3, 4])]}, "data"),
        ({"inputs": [_tensor()], "parameters": {"methode": "x"}}, "'methode' is no parameter"),
        ({"inputs": [_tensor()], "parameters": {"method": "predict_proba"}}, "it has predict"),
    ],
)
def test_a_wrong_request_of_version_2_is_refused_in_one_line(network: Server, body: Foreign, said: str) -> None:
    answer = network.infer(body)

    assert answer.status == 400, answer.body
    assert said in answer.body["error"]
    assert "\n" not in answer.body["error"]


def _binary(server: Server, content: bytes) -> Answer:
    tensor = {"name": "input", "shape": [1, 4], "datatype": "FP32", "parameters": {"binary_data_size": 16}}
    head = json.dumps({"inputs": [tensor]}).encode()
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))}
    return server.ask("POST", "/v2/models/it/infer", head + content, headers)


def test_binary_tensors_are_numbers_too(network: Server) -> None:
    by_name = network.infer({"inputs": [_tensor()]})

    answer = _binary(network, np.array(_ROW, np.float32).tobytes())

    assert answer.body["outputs"][0]["data"] == by_name.body["outputs"][0]["data"]


@pytest.mark.parametrize("content", [b"", b"123", np.full(4, np.nan, np.float32).tobytes()])
def test_broken_binary_tensors_are_refused(network: Server, content: bytes) -> None:
    answer = _binary(network, content)

    assert answer.status == 400, answer.body
    assert "\n" not in answer.body["error"]


def test_wrong_requests_leave_no_stack_trace_in_the_log(server: Server) -> None:
    server.predict({"instances": []})

    assert "Traceback" not in server.log.read_text()


def test_a_classifier_tells_probabilities_when_it_is_asked_for_them(server: Server) -> None:
    by_instances = server.predict({"instances": [_ROW], "method": "predict_proba"})
    by_tensors = server.infer({"inputs": [_tensor(datatype="FP64")], "parameters": {"method": "predict_proba"}})

    [row] = by_instances.body["predictions"]
    assert len(row) == 3
    assert sum(row) == pytest.approx(1)
    assert by_tensors.body["outputs"][0]["data"] == row
    assert by_tensors.body["outputs"][0]["datatype"] == "FP64"


def test_a_body_of_more_than_16_mib_is_refused_and_the_next_is_answered(server: Server) -> None:
    answer = server.predict(b" " * (17 << 20))

    assert answer.status == 413
    assert "16 MiB" in answer.body["error"]
    assert server.predict({"instances": [_ROW]}).body == {"predictions": ["setosa"]}


def test_what_curl_posts_is_taken_for_json(server: Server) -> None:
    answer = server.predict({"instances": [_ROW]}, {"Content-Type": "application/x-www-form-urlencoded"})

    assert answer.body == {"predictions": ["setosa"]}


def test_nobody_can_unload_the_model(server: Server) -> None:
    assert server.ask("POST", "/v2/repository/models/it/unload", b"").status == 404
    assert server.predict({"instances": [_ROW]}).status == 200


def test_another_models_name_is_not_found(server: Server) -> None:
    assert server.ask("POST", "/v1/models/other:predict", b"{}").status == 404


def test_the_metadata_say_what_the_model_takes(network: Server) -> None:
    described = network.ask("GET", "/v2/models/it").body

    assert described["inputs"] == [{"name": "input", "datatype": "FP32", "shape": [-1, 4]}]
    assert described["outputs"][0]["shape"] == [-1, 3]


def test_metrics_count_requests_by_status(saved: Callable[..., Saved], network: Server) -> None:
    name = 'model_name="it"'

    def count(code: int) -> float:
        return network.metric(f'model_server_requests_total{{code="{code}",{name}}}') or 0

    before = count(200), count(400)
    network.predict({"instances": [_ROW]})
    network.predict({"instances": []})
    network.ask("GET", "/v1/models/it")

    assert (count(200), count(400)) == (before[0] + 1, before[1] + 1)
    assert count(500) == 0
    total = network.metric(f"model_server_request_duration_seconds_count{{{name}}}")
    assert total is not None
    assert total >= 2
    assert network.metric(f"model_server_requests_in_progress{{{name}}}") == 0
    assert network.metric(f"model_server_prediction_threads{{{name}}}") is not None
    version = saved("torch").versions["torch-mlp"]
    info = f'model_server_info{{format="onnx",framework="pytorch",{name},version="{version}"}}'
    assert network.metric(info) == 1
    assert network.metric(f"request_predict_seconds_count{{{name}}}") is not None


def test_requests_under_way_are_answered_after_it_was_told_to_end(saved: Callable[..., Saved], tmp_path: Path) -> None:
    folder = saved("torch").folder / "xgboost-classifier" / "model"
    answers: list[int] = []
    with running(folder, tmp_path / "log") as server:
        body = json.dumps({"instances": [_ROW]}).encode()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.putrequest("POST", "/v1/models/it:predict")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:5])
        _wait(lambda: server.metric('model_server_requests_in_progress{model_name="it"}') == 1)

        server.process.send_signal(signal.SIGTERM)
        _wait(lambda: not _accepts(server))
        connection.send(body[5:])
        answers.append(connection.getresponse().status)

        assert server.process.wait(30) in (0, -signal.SIGTERM)
    assert answers == [200]
    assert "Traceback" not in server.log.read_text()


def _wait(until: Callable[[], bool]) -> None:
    for _ in range(200):
        if until():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within 10 seconds")


def _accepts(server: Server) -> bool:
    try:
        server.ask("GET", "/")
    except OSError:
        return False
    return True


def test_probes_are_answered_while_predictions_are_computed(server: Server) -> None:
    rows = json.dumps({"instances": [_ROW] * 100_000}).encode()
    threads = [threading.Thread(target=server.predict, args=(rows,)) for _ in range(3)]
    for each in threads:
        each.start()

    assert server.ask("GET", "/v1/models/it").status == 200
    for each in threads:
        each.join()


def _older(folder: Path) -> None:
    description = folder / "model.json"
    content = json.loads(description.read_text())
    content["libraries"]["scikit-learn"] = "1.7.2"
    description.write_text(json.dumps(content))


def _untrusted(folder: Path) -> None:
    """A file that names another class; skops would make an object of whatever it is told to trust."""
    file = folder / "model.skops"
    with zipfile.ZipFile(file) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(files["schema.json"])
    schema.update(__class__="Popen", __module__="subprocess")
    files["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_older, "of scikit-learn 1.7.2, this server has 1.9.1: fit it again with scikit-learn 1.9"),
        (_untrusted, "holds types that are not trusted: "),
        (lambda folder: (folder / "model.skops").unlink(), "and has none of them"),
        (lambda folder: (folder / "model.onnx").touch(), "and has model.skops and model.onnx"),
        (lambda folder: (folder / "model.json").unlink(), "model.json is missing"),
        (lambda folder: (folder / "model.json").write_text("[]"), "does not describe a model"),
        (lambda folder: (folder / "model.skops").write_bytes(b"PK\3\4"), "is no skops archive"),
    ],
    ids=["older", "untrusted", "missing", "two", "undescribed", "wrong-description", "broken"],
)
def test_a_model_that_cannot_be_loaded_ends_the_program_with_one_line(
    saved: Callable[..., Saved], tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(saved("torch").folder / "sklearn-classifier" / "model", folder)
    spoil(folder)

    process, _ = start(folder, tmp_path / "log")

    assert process.wait(60) == 1
    [line] = (tmp_path / "log").read_text().splitlines()
    assert line.startswith("model_server: ")
    assert said in line
