"""Fixtures for the tests of the image classifier."""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from services.image_classifier.tests.alexnet import Array, random_weights, write_checkpoint
from services.image_classifier.tests.export_process import run_export
from services.image_classifier.tests.image_host import ImageHost, image_host

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # for the tests that use ONNX Runtime by themselves


@pytest.fixture(scope="session")
def weights() -> dict[str, Array]:
    return random_weights()


@pytest.fixture(scope="session")
def model(weights: dict[str, Array], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX file made by the real build step from a checkpoint in the form of the published one."""
    folder = tmp_path_factory.mktemp("model")
    checkpoint, output = folder / "weights.pth", folder / "alexnet.onnx"
    write_checkpoint(checkpoint, weights, parameters=True)
    content = checkpoint.read_bytes()
    with image_host() as host:
        host.answers["/weights.pth"] = lambda request: request.reply(content)
        result = run_export(f"{host.url}/weights.pth", sha256(content).hexdigest(), output)
    assert result.returncode == 0, result.stderr
    return output


@pytest.fixture
def host() -> Iterator[ImageHost]:
    with image_host() as running:
        yield running
