from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

from services.iris.runtime.iris.__main__ import main
from services.iris.runtime.iris.errors import IrisError
from services.iris.runtime.iris.model import Model
from services.iris.runtime.iris.model_file import sha256
from services.iris.runtime.iris.parameters import Parameters
from services.iris.runtime.iris.training import train
from services.iris.tests.program import RUNTIME, run


def test_the_defaults_are_those_of_the_first_iris_project() -> None:
    assert asdict(Parameters()) == {
        "n_neighbors": 3,
        "leaf_size": 30,
        "metric": "minkowski",
        "p": 2,
        "weights": "uniform",
        "test_size": 0.3,
        "random_state": 1012,
    }


def test_the_scores_are_of_the_predictions_against_the_truth(model: Model) -> None:
    # Counted by hand, from the confusion matrix.
    data, target = load_iris(return_X_y=True)
    _, rows, _, truth = train_test_split(data, target, test_size=0.3, random_state=1012)
    counts = np.zeros((3, 3))
    for expected, probabilities in zip(truth, map(model.probabilities, rows), strict=True):
        counts[expected, list(probabilities.values()).index(max(probabilities.values()))] += 1
    right = counts.diagonal()
    recalls, precisions = right / counts.sum(axis=1), right / counts.sum(axis=0)

    assert model.scores.accuracy == pytest.approx(right.sum() / 45)
    assert model.scores.recall == pytest.approx(recalls.mean())
    assert model.scores.f1 == pytest.approx((2 * precisions * recalls / (precisions + recalls)).mean())
    assert model.scores.f1 < 1


@pytest.mark.parametrize(
    ("wrong", "allowed"),
    [
        ({"n_neighbors": 0}, "n_neighbors = 0: give a whole number from 1 to 105"),
        ({"n_neighbors": 76, "test_size": 0.5}, "n_neighbors = 76: give a whole number from 1 to 75"),
        ({"leaf_size": 0}, "leaf_size = 0: give a whole number from 1 on"),
        ({"metric": "cosine"}, "metric = cosine: give one of minkowski, euclidean"),
        ({"p": 0.5}, "p = 0.5: give a number from 1 on"),
        ({"p": float("nan")}, "p = nan: give a number from 1 on"),
        ({"weights": "heavy"}, "weights = heavy: give one of uniform, distance"),
        ({"test_size": 1.0}, "test_size = 1.0: give a part between 0 and 1"),
        ({"random_state": -1}, "random_state = -1: give a whole number from 0 to 4294967295"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_is_allowed(wrong: dict[str, float], allowed: str) -> None:
    with pytest.raises(IrisError) as error:
        Parameters(**wrong)  # type: ignore[arg-type]  # on purpose

    assert allowed in str(error.value)


def test_a_split_without_one_of_the_species_is_refused() -> None:
    with pytest.raises(IrisError, match=r"test_size = 0\.01 with random_state = 1012 leaves a species out"):
        train(Parameters(test_size=0.01))


@pytest.mark.slow
def test_another_process_writes_the_same_bytes(packed: bytes, tmp_path: Path) -> None:
    output = tmp_path / "iris-model.zip"

    code, said = run("train", "--p", "2", "--output", str(output), PYTHONHASHSEED="7")

    assert (code, output.read_bytes()) == (0, packed)
    assert f"accuracy 0.9556, recall 0.9583, f1 0.9500\nwrote {output}, sha256 {sha256(packed)}" in said


def test_a_wrong_parameter_ends_the_command_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["iris", "train", "--weights", "heavy"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == "iris: weights = heavy: give one of uniform, distance"


def test_what_trains_has_the_releases_of_what_serves() -> None:
    def pinned(folder: str) -> set[str]:
        lines = (RUNTIME / folder / "requirements.txt").read_text().splitlines()
        return {line for line in lines if line.startswith(("numpy==", "scikit-learn==", "scipy==", "skops=="))}

    assert len(pinned(".")) >= 4
    assert pinned("training") == pinned(".")
