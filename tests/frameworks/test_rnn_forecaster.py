"""The forecasters in the image: what they are trained to, and how TensorFlow Serving is told of them."""

import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig  # type: ignore[import-not-found]

from services.rnn_forecaster.training.random_walk import Windows, random_walk
from services.rnn_forecaster.training.scores import Scores, table
from stacks.paths import ROOT
from tests.frameworks.forecasts import forecasts
from tests.frameworks.stand_in_process import MODEL_SERVER, STAND_IN

_SEED = 1012
_MODELS = MODEL_SERVER / "models"
_FILES = {"saved_model.pb", "variables/variables.data-00000-of-00001", "variables/variables.index"}
_LEVEL = 1000  # by which a series is moved
Forecasts = Mapping[str, npt.NDArray[np.float32]]


class Trained(NamedTuple):
    """What a training wrote and said."""

    folder: Path
    said: list[str]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Both models once more."""
    return _train(tmp_path_factory.mktemp("trained") / "models")


def _train(folder: Path, *arguments: str) -> Trained:
    command = ["-m", "services.rnn_forecaster.training", "--output", str(folder), *arguments]
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return Trained(folder, done.stdout.splitlines())


@pytest.fixture(scope="module")
def unseen() -> Windows:
    return Windows.of(random_walk(_SEED).split()[1])


@pytest.fixture(scope="module")
def found(trained: Trained, unseen: Windows) -> Forecasts:
    """Forecasts for all windows that no training has seen, and for these on another level."""
    models = {
        "a": _MODELS / "a" / "1",
        "b": _MODELS / "b" / "1",
        "a trained again": trained.folder / "a" / "1",
        "b trained again": trained.folder / "b" / "1",
    }
    inputs = np.concatenate([unseen.inputs, unseen.inputs + _LEVEL])
    made = forecasts(inputs, list(models.values()))
    return dict(zip(models, made, strict=True))


@pytest.mark.parametrize("name", ["a", "b"])
def test_the_images_models_forecast_what_the_same_training_gives_again(found: Forecasts, name: str) -> None:
    # Other kinds of processors round otherwise; a forecast is by 0.03 or more from the last value, on average.
    np.testing.assert_allclose(found[name], found[f"{name} trained again"], atol=0.005)
    assert not np.allclose(found["a"], found["b"], atol=0.005)


def test_a_saved_model_scores_as_the_network_that_was_trained(
    found: Forecasts, trained: Trained, unseen: Windows
) -> None:
    count = len(unseen.inputs)
    scores = {"naive": Scores.of_naive_forecasts(unseen)}
    scores |= {name: Scores.of(found[f"{name} trained again"][:count], unseen) for name in ("a", "b")}

    lines = table(scores).splitlines()
    assert trained.said[-len(lines) - 1 : -1] == lines


def test_no_forecast_of_a_random_walk_is_better_than_its_last_value(found: Forecasts, unseen: Windows) -> None:
    naive = Scores.of_naive_forecasts(unseen).root_mean_squared_error

    for name in ("a", "b"):
        error = Scores.of(found[name][: len(unseen.inputs)], unseen).root_mean_squared_error
        assert naive < error < naive * 1.01


@pytest.mark.parametrize("name", ["a", "b"])
def test_forecasts_go_along_with_the_level_of_the_series(found: Forecasts, name: str) -> None:
    here, there = np.split(found[name].astype(np.float64), 2)

    # Around 1000, numbers of 32 bits are 0.00006 apart.
    np.testing.assert_allclose(there - here, _LEVEL, atol=0.001)


def test_another_process_trains_a_variant_alone_to_the_same_weights(tmp_path: Path, trained: Trained) -> None:
    alone = _train(tmp_path / "models", "--variant", "b").folder

    assert {each.name for each in alone.iterdir()} == {"b"}
    weights = "b/1/variables/variables.data-00000-of-00001"
    assert (alone / weights).read_bytes() == (trained.folder / weights).read_bytes()


def test_a_model_is_three_files_that_tell_nothing_of_the_machine(trained: Trained) -> None:
    for root in (_MODELS, trained.folder):
        for folder in (root / "a" / "1", root / "b" / "1"):
            files = {str(each.relative_to(folder)): each for each in folder.rglob("*") if each.is_file()}
            assert files.keys() == _FILES
            content = b"".join(each.read_bytes() for each in files.values())
            assert len(content) < 100_000
            for word in (b"/home/", b"/tmp/", b".py", b"site-packages"):
                assert word not in content


@pytest.mark.parametrize(
    ("config", "models"),
    [
        ("a", {"rnn-forecaster": "/models/a"}),
        ("b", {"rnn-forecaster": "/models/b"}),
        ("both", {"rnn-forecaster-a": "/models/a", "rnn-forecaster-b": "/models/b"}),
    ],
)
def test_a_config_is_what_the_server_parses_and_names_a_model_of_the_image(config: str, models: dict[str, str]) -> None:
    parsed = text_format.Parse((MODEL_SERVER / "config" / f"{config}.config").read_text(), ModelServerConfig())

    assert {each.name: each.base_path for each in parsed.model_config_list.config} == models
    for each in parsed.model_config_list.config:
        assert each.model_platform == "tensorflow"
        [(label, number)] = each.version_labels.items()
        assert label == "stable"
        assert (MODEL_SERVER / each.base_path.removeprefix("/") / str(number) / "saved_model.pb").is_file()


def test_server_api_and_tensorflow_are_of_one_release() -> None:
    dockerfile = (MODEL_SERVER / "Dockerfile").read_text()
    training = (MODEL_SERVER.parent / "training" / "requirements.txt").read_text().splitlines()
    stand_in = (STAND_IN / "requirements.txt").read_text() + (STAND_IN / "requirements-no-deps.txt").read_text()
    installed = version("tensorflow-cpu")

    assert f"ARG SERVER=tensorflow/serving:{installed}\n" in dockerfile
    assert version("tensorflow-serving-api") == installed
    for name in ("tensorflow-cpu", "tensorflow-serving-api"):
        assert f"{name}=={installed}" in stand_in.splitlines()
    assert {each: version(each.split("==")[0]) for each in training if "==" in each} == {
        each: each.split("==")[1] for each in training if "==" in each
    }
