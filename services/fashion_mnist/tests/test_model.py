import hashlib
import json
import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from services.fashion_mnist.tests.images import make_images
from services.fashion_mnist.tests.published import PUBLISHED, needs_published_images
from services.fashion_mnist.training.data_set import read_images
from services.fashion_mnist.training.scores import Scores

SERVICE = Path(__file__).parents[1]
MODEL = SERVICE / "model" / "models"
README = (SERVICE / "README.md").read_text()


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(MODEL / "model.onnx")


def test_the_image_has_a_model_folder_and_nothing_else() -> None:
    assert {file.name for file in MODEL.iterdir()} == {"model.onnx", "model.json"}
    description = json.loads((MODEL / "model.json").read_text())
    assert (description["format"], description["framework"]) == ("onnx", "keras")


@pytest.mark.parametrize("count", [1, 3])
def test_the_model_gives_each_picture_ten_probabilities(session: onnxruntime.InferenceSession, count: int) -> None:
    pixels, _ = make_images(1, seed=1)

    [given] = session.run(None, {session.get_inputs()[0].name: pixels[:count].astype(np.float32) / 255})

    assert given.shape == (count, 10)
    np.testing.assert_allclose(given.sum(axis=1), 1, rtol=1e-5)


def test_the_readme_names_the_models_bytes() -> None:
    content = (MODEL / "model.onnx").read_bytes()

    assert f"has {len(content):,} bytes and the sha256\n`{hashlib.sha256(content).hexdigest()}`" in README


@needs_published_images
def test_the_model_scores_as_the_readme_says(session: onnxruntime.InferenceSession) -> None:
    test = read_images(PUBLISHED, "t10k")

    [probabilities] = session.run(None, {session.get_inputs()[0].name: test.images})

    table = re.search(r"```text\n( +precision.*?)\n```", README, re.DOTALL)
    assert table
    assert str(Scores.of(probabilities, test.labels)) == table[1]
