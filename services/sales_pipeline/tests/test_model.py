"""The file that a model is kept in."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from services.sales_pipeline.runtime.sales_pipeline.columns import FEATURES
from services.sales_pipeline.runtime.sales_pipeline.errors import PipelineError
from services.sales_pipeline.runtime.sales_pipeline.model import Model, read_model, write_model
from services.sales_pipeline.runtime.sales_pipeline.scores import Scores
from services.sales_pipeline.runtime.sales_pipeline.training import train_forest, train_lasso

X = np.random.default_rng(3).random((60, len(FEATURES)))
Y = X @ np.arange(1.0, 7.0)


@pytest.fixture(params=["forest", "lasso"])
def model(request: pytest.FixtureRequest) -> Model:
    trained = train_forest(X, Y, trees=3) if request.param == "forest" else train_lasso(X, Y)
    return Model(estimator=trained.estimator, rows=trained.rows, scores=Scores(mse=4.0, mae=1.5, r2=0.5))


def test_a_model_comes_back_as_it_was(model: Model, tmp_path: Path) -> None:
    write_model(tmp_path / "model.zip", model)

    found = read_model(tmp_path / "model.zip")

    assert (found.algorithm, found.rows, found.scores) == (model.algorithm, 60, model.scores)
    assert np.array_equal(found.estimator.predict(X), model.estimator.predict(X))


class Stranger:
    """A type that nobody trusts."""


def changed(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A model's file with other metadata."""
    write_model(path, train_lasso(X, Y))
    with zipfile.ZipFile(path) as archive:
        metadata, content = json.loads(archive.read("metadata.json")), archive.read("model.skops")
    change(metadata)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps(metadata))
        archive.writestr("model.skops", content)
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda metadata: metadata.update(format_version=2), "has format 2, this program reads 1"),
        (lambda metadata: metadata.update(scikit_learn_version="1.2.0"), "is of scikit-learn 1.2.0"),
        (lambda metadata: metadata.update(sha256="0" * 64), "was changed"),
        (lambda metadata: metadata.update(features=["age"]), "predicts sales from age"),
        (lambda metadata: metadata.pop("rows"), "is no model of this program: KeyError"),
    ],
)
def test_a_file_with_other_metadata_is_refused(
    change: Callable[[dict[str, Any]], object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(PipelineError, match=said):
        read_model(changed(tmp_path / "model.zip", change))


def test_a_model_of_a_type_that_is_not_trusted_is_refused(tmp_path: Path) -> None:
    estimator = Ridge()
    estimator.stranger = Stranger()
    path = tmp_path / "model.zip"
    write_model(path, Model(estimator=estimator, rows=1))

    with pytest.raises(PipelineError, match=r"not trusted.*Stranger"):
        read_model(path)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06" + bytes(18)], ids=["empty", "text", "empty zip"])
def test_what_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    (path := tmp_path / "model.zip").write_bytes(content)

    with pytest.raises(PipelineError, match="is no model of this program"):
        read_model(path)
