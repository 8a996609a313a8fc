"""The network: a simple recurrent layer over a window, and what the next value differs by from the last."""

from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow  # type: ignore[import-untyped]

from .random_walk import WINDOW, Windows
from .variants import Variant


def train(windows: Windows, variant: Variant, *, step: float, seed: int) -> keras.Model:
    """Fits a new network to windows.

    The same arguments give the same weights, on one kind of machine with one release of TensorFlow. For this,
    TensorFlow is told to compute deterministically in all of the process.

    Args:
        windows: What to learn from.
        variant: How.
        step: The size of the series' daily change, which the network counts in.
        seed: Of the first weights, the order of the windows, and dropout.
    """
    tensorflow.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)
    network = _network(variant, step)
    network.compile(optimizer=keras.optimizers.Adam(variant.learning_rate), loss="mse")
    network.fit(windows.inputs, windows.targets, batch_size=variant.batch_size, epochs=variant.epochs, verbose=2)
    return network


def _network(variant: Variant, step: float) -> keras.Model:
    """From values as they are to values as they are: where the series stands, and in what unit, is no matter."""
    series = keras.Input((WINDOW,), name="series")
    last = series[:, -1:]
    # How far a walk gets grows with the root of the days: the layer sees values around 1.
    distances = (series - last) / (step * WINDOW**0.5)
    state = keras.layers.SimpleRNN(variant.units, name="state")(distances[..., None])
    steps = keras.layers.Dense(1, name="steps")(keras.layers.Dropout(variant.dropout, name="kept")(state))
    return keras.Model(series, last + step * steps, name="rnn_forecaster")


def predict(network: keras.Model, inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The forecasts, [count, 1], for windows, [count, WINDOW]."""
    return np.asarray(network.predict(inputs, batch_size=512, verbose=0))


def export(network: keras.Model, folder: Path) -> None:
    """Writes a SavedModel that takes `series`, [count, WINDOW], and gives `forecast`, [count, 1], both float32."""
    taken = tensorflow.TensorSpec((None, WINDOW), tensorflow.float32, name="series")

    @tensorflow.function(input_signature=[taken])  # type: ignore[untyped-decorator]  # has no types
    def forecast(series: tensorflow.Tensor) -> dict[str, tensorflow.Tensor]:
        # A server checks no shapes by itself, and the graph would forecast from the first values of a longer window.
        return {"forecast": network(tensorflow.ensure_shape(series, (None, WINDOW)), training=False)}

    module = tensorflow.Module()
    module.weights = [each.value for each in network.weights]
    tensorflow.saved_model.save(module, str(folder), signatures={"serving_default": forecast})
    # Nothing needs it to load the model, and a random number in it makes every export another.
    (folder / "fingerprint.pb").unlink()
