"""The network of three layers: pixels in a row, 128 hidden units, a probability for each class."""

import keras
import numpy as np
import numpy.typing as npt

from .data_set import CLASSES, SIDE, LabelledImages
from .scores import Scores

_BATCH = 64


def train(images: LabelledImages, *, epochs: int = 5, seed: int = 1012) -> keras.Sequential:
    """Fits a new network to labelled images.

    The same images, epochs and seed give the same weights, on one machine with one release of Keras and its backend.
    For this, TensorFlow and PyTorch are told to compute deterministically in all of the process.
    """
    _compute_deterministically()
    keras.utils.set_random_seed(seed)
    # Names that are given do not count up when a second network is made in the same process.
    network = keras.Sequential(
        [
            keras.Input((SIDE, SIDE), name="image"),
            keras.layers.Flatten(name="pixels"),
            keras.layers.Dense(128, activation="relu", name="hidden"),
            keras.layers.Dense(len(CLASSES), activation="softmax", name="probabilities"),
        ],
        name="fashion_mnist",
    )
    network.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(images.images, images.labels, batch_size=_BATCH, epochs=epochs, verbose=2)
    return network


def evaluate(network: keras.Sequential, images: LabelledImages) -> Scores:
    """Scores a network on labelled images, which should be others than it was trained with."""
    return Scores.of(predict(network, images.images), images.labels)


def predict(network: keras.Sequential, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The probabilities of the classes, [count, 10], for [count, 28, 28] pixels from 0 to 1."""
    return np.asarray(network.predict(images, batch_size=1024, verbose=0))


def _compute_deterministically() -> None:
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow  # type: ignore[import-untyped]  # noqa: PLC0415 - only where it is the backend

            tensorflow.config.experimental.enable_op_determinism()
        case "torch":
            import torch  # noqa: PLC0415 - only where it is the backend

            torch.use_deterministic_algorithms(True)
