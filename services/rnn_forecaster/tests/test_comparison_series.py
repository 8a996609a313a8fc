"""The comparison's image knows nothing of the training's folder: these few lines stand in both."""

import numpy as np

from services.rnn_forecaster.comparison.comparison import random_walk as compared
from services.rnn_forecaster.training import random_walk as trained


def test_the_series_is_the_one_of_the_training_for_the_same_seed() -> None:
    series = trained.random_walk(5).values

    assert np.array_equal(compared.random_walk(5, len(series)), series)
    # More days go on from there.
    assert np.array_equal(compared.random_walk(5, 2 * len(series))[: len(series)], series)
    assert compared.WINDOW == trained.WINDOW
