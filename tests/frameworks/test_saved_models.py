"""What is saved answers as the model in memory: exactly but for ONNX, where sums are made in another order."""

import json
from collections.abc import Callable

from modelyard.serving.formats.content import Foreign

import numpy as np
import pytest

from stacks.add_ons.kserve.runtime.model_server.__main__ import load
from stacks.add_ons.kserve.runtime.model_server.description import Description
from stacks.add_ons.kserve.runtime.model_server.values import from_instances
from tests.frameworks.conftest import SAVED_WITH, Saved
from tests.frameworks.server_process import Server

_ALL = [(backend, name) for backend, names in SAVED_WITH.items() for name in names]
# Of each framework; all kinds are started as servers in no less than three minutes.
_SERVED = [
    *(("torch", name) for name in ("sklearn-classifier", "sklearn-frame", "xgboost-classifier", "torch-mlp")),
    *(("torch", "onnx-integers"), ("tensorflow", "keras-dense"), ("tensorflow", "keras-two-inputs")),
]
_DATATYPES = {"float32": "FP32", "int64": "INT64", "any": "FP64"}


def _require_same(found: Foreign, wanted: Foreign) -> None:
    if isinstance(wanted[0], dict):
        for name in wanted[0]:
            _require_same([each[name] for each in found], [each[name] for each in wanted])
    elif np.asarray(wanted).dtype.kind == "f":
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    else:
        assert found == wanted


@pytest.mark.parametrize(("backend", "name"), _ALL)
def test_the_servers_loader_answers_as_the_model_in_memory(
    saved: Callable[..., Saved], backend: str, name: str
) -> None:
    folder = saved(backend).folder / name
    asked = json.loads((folder / "asked.json").read_text())

    predictor = load(Description.read(folder / "model"))
    outputs = predictor.predict(from_instances(asked["request"]["instances"], predictor.inputs), "predict")

    wanted = asked["answer"]["predictions"]
    names = list(outputs) if isinstance(wanted[0], dict) else [None]
    for key, array in zip(names, outputs.values(), strict=True):
        expected = np.array([row if key is None else row[key] for row in wanted])
        if name.startswith(("keras", "torch")):
            np.testing.assert_allclose(array, expected, rtol=1e-4, atol=1e-5)
        else:
            assert array.astype(expected.dtype).tolist() == expected.tolist()


@pytest.mark.parametrize(("backend", "name"), _SERVED)
def test_the_server_answers_by_both_versions_as_the_model_in_memory(
    saved: Callable[..., Saved], serving: Callable[..., Server], backend: str, name: str
) -> None:
    folder = saved(backend).folder / name
    asked = json.loads((folder / "asked.json").read_text())
    wanted = asked["answer"]["predictions"]
    server = serving(folder / "model")

    answer = server.predict(asked["request"])

    assert answer.status == 200, answer.body
    _require_same(answer.body["predictions"], wanted)
    if name == "sklearn-frame":  # columns of several types are no tensor
        return
    inputs = json.loads((folder / "model" / "model.json").read_text())["inputs"]
    tensors = []
    for each in inputs:
        rows = asked["request"]["instances"]
        array = np.array([row[each["name"]] for row in rows] if len(inputs) > 1 else rows)
        datatype = _DATATYPES[each["dtype"]]
        tensors.append(
            {"name": each["name"], "shape": array.shape, "datatype": datatype, "data": array.ravel().tolist()}
        )
    answer = server.infer({"inputs": tensors})
    assert answer.status == 200, answer.body
    for output in answer.body["outputs"]:
        flat = np.array([row[output["name"]] if len(answer.body["outputs"]) > 1 else row for row in wanted])
        assert output["shape"] == list(flat.shape)
        _require_same(output["data"], flat.ravel().tolist())


@pytest.mark.parametrize("backend", list(SAVED_WITH))
def test_another_process_saves_the_same_bytes(saved: Callable[..., Saved], backend: str) -> None:
    one, other = saved(backend).versions, saved(backend, seed=2).versions
    if backend == "tensorflow":  # tf2onnx goes through a loop's outputs in the order of their hashes
        assert one.pop("keras-recurrent")
        assert other.pop("keras-recurrent")
    assert one == other


def test_what_was_saved_tells_nothing_of_the_machine_that_saved_it(saved: Callable[..., Saved]) -> None:
    folder = saved("torch").folder

    content = b"".join(each.read_bytes() for each in folder.glob("*/model/*"))

    for word in (b"/home/", b".py", b"10:04", b"site-packages"):
        assert word not in content


def test_a_model_with_columns_is_described_by_them(saved: Callable[..., Saved]) -> None:
    described = json.loads((saved("torch").folder / "sklearn-frame" / "model" / "model.json").read_text())

    assert described["inputs"] == [{"name": "input", "dtype": "any", "shape": [None, 2], "columns": ["colour", "size"]}]
    assert described["methods"] == ["predict", "predict_proba"]
    assert set(described["libraries"]) == {"scikit-learn", "skops", "numpy"}
