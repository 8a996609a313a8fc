"""Trains for real, with Keras on TensorFlow and on PyTorch: not collected by default, since these have 6 GB."""

import hashlib
import json
import os
import re
import struct
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from services.fashion_mnist.tests.images import write_data_set
from services.fashion_mnist.tests.published import PUBLISHED, needs_published_images
from services.fashion_mnist.training.data_set import load_data_set
from services.fashion_mnist.training.download import FILES
from services.fashion_mnist.training.network import evaluate, predict, train

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    return write_data_set(data)


def _start(backend: str, data: Path, output: Path) -> subprocess.Popen[str]:
    command = ["services.fashion_mnist.training", "--data", str(data), "--epochs", "20", "--output", str(output)]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    return subprocess.Popen(
        [sys.executable, "-m", *command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_the_command_line_writes_a_model_that_can_be_served_the_same_twice(
    tmp_path: Path, folder: Path, backend: str
) -> None:
    outputs = [tmp_path / "first", tmp_path / "second"]
    processes = [_start(backend, folder, output) for output in outputs]
    for process, output in zip(processes, outputs, strict=True):
        said, complaints = process.communicate(timeout=300)
        assert process.returncode == 0, complaints
        assert re.search(rf"\naccuracy 1\.0000\nwrote {output}, version [0-9a-f]{{12}}\n$", said)

    first, second = ({file.name: file.read_bytes() for file in output.iterdir()} for output in outputs)
    assert first == second
    assert first.keys() == {"model.onnx", "model.json"}
    assert json.loads(first["model.json"])["framework"] == "keras"

    test = load_data_set(folder).test
    session = onnxruntime.InferenceSession(first["model.onnx"])
    for count in (1, len(test.labels)):
        [probabilities] = session.run(None, {session.get_inputs()[0].name: test.images[:count]})
        assert np.array_equal(probabilities.argmax(axis=1), test.labels[:count])


def test_the_seed_decides_the_weights(folder: Path) -> None:
    images = load_data_set(folder).train

    first, again, other = (train(images, epochs=1, seed=seed).get_weights() for seed in (7, 7, 8))

    assert [each.shape for each in first] == [(784, 128), (128,), (128, 10), (10,)]
    assert all(map(np.array_equal, first, again))
    assert not any(map(np.array_equal, first, other))


@needs_published_images
def test_one_epoch_on_the_published_images_finds_eight_of_ten() -> None:
    data_set = load_data_set(PUBLISHED)
    assert (len(data_set.train.labels), len(data_set.test.labels)) == (60_000, 10_000)

    network = train(data_set.train, epochs=1)

    assert evaluate(network, data_set.test).accuracy > 0.8
    np.testing.assert_allclose(predict(network, data_set.test.images[:100]).sum(axis=1), 1, rtol=1e-5)


@needs_published_images
@pytest.mark.parametrize(("part", "packed"), [("train", 1504176606), ("t10k", 1504176627)])
def test_what_is_pinned_are_the_pictures_of_debians_package(part: str, packed: int) -> None:
    # Debian takes names and times out of archives: with them, its files are the authors' to the byte.
    for name in (name for name in FILES if name.startswith(part)):
        deflated = (PUBLISHED / name).read_bytes()[10:]
        head = b"\x1f\x8b\x08\x08" + struct.pack("<IBB", packed, 0, 3) + name.removesuffix(".gz").encode() + b"\0"
        assert hashlib.sha256(head + deflated).hexdigest() == FILES[name]


def test_what_is_tried_here_are_the_releases_that_people_are_told_to_install() -> None:
    lines = (Path(__file__).parents[2] / "training" / "requirements.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    del pins["jupyterlab"]  # only opens the notebook

    assert len(pins) >= 5
    assert {name: version(name) for name in pins} == pins
