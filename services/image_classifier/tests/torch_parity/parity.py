"""Compares export, labels and preprocessing with PyTorch and torchvision themselves.

Not collected by default, since PyPI's PyTorch has 5.5 GB: `make test-torch` makes an environment of its own for it.
"""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
import torchvision  # type: ignore[import-not-found]  # only in this test's own environment
from PIL import Image

from services.image_classifier.runtime.classifier.model import read_labels
from services.image_classifier.runtime.classifier.preprocessing import decode, preprocess
from services.image_classifier.runtime.export.checkpoint import read_checkpoint
from services.image_classifier.runtime.export.graph import build_alexnet
from services.image_classifier.tests.pictures import encoded, noise, picture

_PUBLISHED = torchvision.models.AlexNet_Weights.IMAGENET1K_V1
_LABELS = Path(__file__).parents[2] / "runtime/classifier/labels.txt"


@pytest.mark.parametrize("parameters", [False, True], ids=["tensors", "parameters"])
def test_the_exported_model_equals_torchvisions_alexnet(tmp_path: Path, parameters: bool) -> None:
    torch.manual_seed(7)
    alexnet = torchvision.models.alexnet(weights=None).eval()
    for layer in alexnet.modules():
        if hasattr(layer, "weight"):
            torch.nn.init.kaiming_normal_(layer.weight)  # else all classes are about equally likely
    state = alexnet.state_dict()
    if parameters:  # as the published weights were saved
        state = OrderedDict((name, torch.nn.Parameter(tensor)) for name, tensor in state.items())
    torch.save(state, tmp_path / "weights.pth")
    session = onnxruntime.InferenceSession(build_alexnet(read_checkpoint(tmp_path / "weights.pth")).SerializeToString())
    images = np.concatenate(
        [preprocess(decode(encoded(picture(seed=seed)), max_pixels=1_000_000)) for seed in range(3)]
    )
    with torch.no_grad():
        expected = alexnet(torch.from_numpy(images)).softmax(dim=1).numpy()
    assert (expected.max(axis=1) > 0.01).all()
    for count in (1, 3):
        [computed] = session.run(None, {"image": images[:count]})
        np.testing.assert_allclose(computed, expected[:count], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("size", [(320, 240), (240, 320), (256, 256), (100, 80), (701, 257), (1999, 1501)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("make", [picture, noise])
def test_preprocessing_equals_torchvisions(size: tuple[int, int], kind: str, make: Callable[..., Image.Image]) -> None:
    image = decode(encoded(make(*size), kind), max_pixels=25_000_000)
    expected = _PUBLISHED.transforms()(image).numpy()
    np.testing.assert_allclose(preprocess(image)[0], expected, atol=1e-6)


def test_the_labels_are_torchvisions() -> None:
    assert read_labels(_LABELS) == _PUBLISHED.meta["categories"]
