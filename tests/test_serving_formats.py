"""Saved models of scikit-learn and ONNX, read by the model server's own loaders; the others are in tests/frameworks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modelyard.errors import ConfigurationError
from modelyard.serving.formats import save
from modelyard.serving.formats.content import Foreign

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from stacks.add_ons.kserve.runtime.model_server.__main__ import load
from stacks.add_ons.kserve.runtime.model_server.description import Description, Tensor
from stacks.add_ons.kserve.runtime.model_server.errors import ModelError, RequestError
from stacks.add_ons.kserve.runtime.model_server.values import from_instances
from stacks.paths import ROOT

_ROWS = np.random.default_rng(0).random((20, 3))
_LABELS = np.where(_ROWS[:, 0] > 0.5, "high", "low")


class Mean(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """An estimator that only its owner has."""

    def fit(self, rows: Foreign, _labels: Foreign) -> "Mean":
        self.mean_ = rows.mean()
        return self

    def predict(self, rows: Foreign) -> Foreign:
        return np.full(len(rows), self.mean_)


def graph() -> Foreign:
    value = onnx.helper.make_tensor_value_info
    nodes = [onnx.helper.make_node("Mul", ["a", "b"], ["c"], doc_string='File "/home/someone/model.py", line 3')]
    made = onnx.helper.make_graph(
        nodes, "product", [value("a", 1, ["rows", 3]), value("b", 1, ["rows", 3])], [value("c", 1, ["rows", 3])]
    )
    return onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=10)


def test_a_saved_pipeline_answers_as_the_one_in_memory(tmp_path: Path) -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(_ROWS, _LABELS)

    saved = save(model, tmp_path, example=_ROWS)

    assert (saved.format, saved.framework) == ("sklearn", "scikit-learn")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["model.json", "model.skops"]
    description = Description.read(tmp_path)
    assert description.version == saved.version
    predictor = load(description)
    arrays = from_instances(_ROWS.tolist(), predictor.inputs)
    assert predictor.predict(arrays, "predict")["output"].tolist() == model.predict(_ROWS).tolist()
    np.testing.assert_array_equal(predictor.predict(arrays, "predict_proba")["output"], model.predict_proba(_ROWS))


def test_a_saved_graph_has_nothing_of_where_it_was_made(tmp_path: Path) -> None:
    save(graph(), tmp_path, example=(np.ones((2, 3), np.float32), np.ones((2, 3), np.float32)))

    assert b"/home" not in (tmp_path / "model.onnx").read_bytes()
    predictor = load(Description.read(tmp_path))
    arrays = from_instances([{"a": [1, 2, 3], "b": [4, 5, 6]}], predictor.inputs)
    assert predictor.predict(arrays, "predict")["c"].tolist() == [[4, 10, 18]]


def test_a_model_that_is_fitted_again_has_the_same_version(tmp_path: Path) -> None:
    versions = {save(LogisticRegression().fit(_ROWS, _LABELS), tmp_path / str(number)).version for number in range(2)}

    assert len(versions) == 1
    assert save(LogisticRegression(C=2).fit(_ROWS, _LABELS), tmp_path / "other").version not in versions


@pytest.mark.parametrize(
    ("make", "what", "mend"),
    [
        (lambda: LogisticRegression, "LogisticRegression is a class", "make one and fit it"),
        (LogisticRegression, "LogisticRegression is not fitted", "model.fit(X, y)"),
        (lambda: make_pipeline(StandardScaler(), LogisticRegression()), "Pipeline is not fitted", "model.fit(X, y)"),
        (lambda: PCA().fit(_ROWS), "PCA has no predict", "a pipeline that ends in one"),
        (lambda: Mean().fit(_ROWS, _LABELS), "does not load: tests.test_serving_formats.Mean", "scikit-learn's own"),
        (
            lambda: make_pipeline(FunctionTransformer(lambda rows: rows), LogisticRegression()).fit(_ROWS, _LABELS),
            "Pipeline holds what the model server does not load: ",
            "scikit-learn's own",
        ),
        (lambda: pd.DataFrame(_ROWS), "a DataFrame of pandas is not a model", "give a fitted model"),
        (lambda: Path("model.onnx"), "'model.onnx' is not a model", "onnx.load(path)"),
        (lambda: None, "None is not a model", "give a fitted model"),
        (onnx.ModelProto, "does not load it", "all of the weights"),
    ],
)
def test_what_cannot_be_served_is_refused(tmp_path: Path, make: Callable[[], Any], what: str, mend: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        save(make(), tmp_path / "model")

    assert what in refusal.value.what
    assert mend in refusal.value.mend
    assert not (tmp_path / "model").exists()


def test_an_example_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not take the example"):
        save(LogisticRegression().fit(_ROWS, _LABELS), tmp_path, example=_ROWS[:, :2])


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()

    with pytest.raises(ConfigurationError, match="is no empty folder"):
        save(LogisticRegression().fit(_ROWS, _LABELS), tmp_path)


def test_a_model_of_another_scikit_learn_is_not_loaded(tmp_path: Path) -> None:
    save(LogisticRegression().fit(_ROWS, _LABELS), tmp_path)
    description = json.loads((tmp_path / "model.json").read_text())
    description["libraries"]["scikit-learn"] = "1.5.1"
    (tmp_path / "model.json").write_text(json.dumps(description))

    with pytest.raises(ModelError, match=r"of scikit-learn 1\.5\.1, this server has"):
        load(Description.read(tmp_path))


@pytest.mark.parametrize(
    ("instances", "dtype", "missing", "said"),
    [
        ([[1, 2]], "float32", False, r"shape \[any, 3\] as 'x'; shape \[1, 2\] was given"),
        ([[1, 2, None]], "float32", False, "without missing values"),
        ([[1, 2, "3"]], "float32", False, "text was given"),
        ([[1.5, 2, 3]], "int64", False, "float64 was given"),
        ([[1, 2, 300]], "uint8", False, "too large"),
        ([[1, 2, 1e39]], "float32", True, "too large"),
        ([[1, 2, 3]], "str", False, "not all of what was given is text"),
        ([[True, False, True]], "float64", False, "bool was given"),
        ([[1, 2, [3]]], "any", False, "several shapes"),
    ],
)
def test_values_that_are_not_the_models_are_refused(instances: Foreign, dtype: str, missing: bool, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        from_instances(instances, [Tensor(name="x", dtype=dtype, shape=(None, 3), missing=missing)])


def test_null_is_a_missing_value_where_the_model_takes_them() -> None:
    tensor = Tensor(name="x", dtype="float32", shape=(None, 2), missing=True)

    [array] = from_instances([[1, None]], [tensor]).values()

    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, np.array([[1, np.nan]], np.float32))


def test_the_server_trusts_the_types_that_are_saved() -> None:
    saved = ROOT / "constructs/modelyard/serving/formats/trusted_types.py"
    served = ROOT / "stacks/add_ons/kserve/runtime/model_server/trusted_types.py"

    assert saved.read_text() == served.read_text()


def test_models_are_tried_with_the_libraries_of_the_servers_image() -> None:
    image = (ROOT / "stacks/add_ons/kserve/runtime/requirements.in").read_text().splitlines()
    here = (ROOT / "requirements.txt").read_text().splitlines()
    heavy = (ROOT / "tests/frameworks/requirements.txt").read_text().splitlines()

    def pinned(lines: list[str], *names: str) -> set[str]:
        return {line for line in lines if line.startswith(tuple(f"{name}==" for name in names))}

    light = ("numpy", "onnxruntime", "scikit-learn", "skops")
    assert pinned(image, *light) == pinned(here, *light)
    assert pinned(image, *light, "kserve", "xgboost-cpu") == pinned(heavy, *light, "kserve", "xgboost-cpu")
