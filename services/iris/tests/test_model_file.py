import io
import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
import skops.io
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from services.iris.runtime.iris.errors import IrisError
from services.iris.runtime.iris.model import Model
from services.iris.runtime.iris.model_file import pack, unpack
from services.iris.runtime.iris.parameters import METRICS, WEIGHTS, Parameters
from services.iris.runtime.iris.training import train


def changed(packed: bytes, change: Callable[[dict[str, Any]], object], estimator: bytes | None = None) -> bytes:
    """The same file with other metadata, and perhaps another estimator that the metadata vouch for."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        metadata = json.loads(archive.read("metadata.json"))
        kept = archive.read("model.skops")
    if estimator is not None:
        metadata["sha256"] = sha256(estimator).hexdigest()
    change(metadata)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("metadata.json", json.dumps(metadata))
        archive.writestr("model.skops", estimator or kept)
    return content.getvalue()


def unchanged(_metadata: dict[str, Any]) -> None:
    """What a forger of the estimator only does to the metadata."""


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("p", [1.0, 1.5])
def test_a_model_of_every_kind_is_read_back_as_it_was(metric: str, p: float, weights: str) -> None:
    model = train(Parameters(metric=metric, p=p, weights=weights))

    read = unpack(pack(model))

    assert (read.parameters, read.scores) == (model.parameters, model.scores)
    for flower in [(5.2, 3.2, 4.2, 1.2), (6.0, 2.8, 4.9, 1.7), (0, 0, 0, 0)]:
        assert read.probabilities(flower) == model.probabilities(flower)


def test_what_is_known_of_a_model_stands_in_its_file(packed: bytes, model: Model) -> None:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        metadata = json.loads(archive.read("metadata.json"))

    assert metadata["format_version"] == 1
    assert metadata["features"] == ["sepal length", "sepal width", "petal length", "petal width"]
    assert metadata["classes"] == ["setosa", "versicolor", "virginica"]
    assert metadata["parameters"]["n_neighbors"] == 3
    assert metadata["scores"]["accuracy"] == model.scores.accuracy


class Stranger:
    """A type that nobody trusts."""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda metadata: metadata.update(format_version=2), "has format 2, this program reads 1"),
        (lambda metadata: metadata.update(scikit_learn_version="1.2.0"), "of scikit-learn 1.2.0"),
        (lambda metadata: metadata.update(sha256="0" * 64), "was changed"),
        (lambda metadata: metadata.update(classes=["cat", "dog"]), "not of irises"),
        (lambda metadata: metadata.pop("scores"), "not a model of this program"),
    ],
)
def test_a_file_with_other_metadata_is_refused(
    packed: bytes, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    with pytest.raises(IrisError, match=said):
        unpack(changed(packed, change))


def test_a_model_of_a_type_that_is_not_trusted_is_refused(packed: bytes) -> None:
    classifier = KNeighborsClassifier()
    classifier.stranger = Stranger()

    with pytest.raises(IrisError, match=r"not trusted.*Stranger"):
        unpack(changed(packed, unchanged, skops.io.dumps(classifier)))


def test_another_estimator_is_refused(packed: bytes) -> None:
    with pytest.raises(IrisError, match="the model is a SVC, this program takes a KNeighborsClassifier"):
        unpack(changed(packed, unchanged, skops.io.dumps(SVC())))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06" + bytes(18)], ids=["empty", "text", "empty zip"])
def test_what_is_no_model_is_refused(content: bytes) -> None:
    with pytest.raises(IrisError, match="not a model of this program"):
        unpack(content)


def test_a_file_that_unpacks_to_too_much_is_refused() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", bytes(1 << 21))

    with pytest.raises(IrisError, match="larger than"):
        unpack(content.getvalue())
