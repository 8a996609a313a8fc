import numpy as np
import pytest

from services.fashion_mnist.training.scores import Scores


def test_the_scores_are_counted_from_the_likeliest_classes() -> None:
    truth = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 9], np.uint8)
    taken = np.array([0, 0, 1, 1, 1, 2, 2, 0, 0, 9])
    probabilities = np.full((10, 10), 0.05, np.float32)
    probabilities[np.arange(10), taken] = 0.55

    scores = Scores.of(probabilities, truth)

    assert scores.accuracy == pytest.approx(7 / 10)
    assert scores.precision.tolist() == pytest.approx([2 / 4, 2 / 3, 1, 0, 0, 0, 0, 0, 0, 1])
    assert scores.recall.tolist() == pytest.approx([2 / 3, 1, 2 / 4, 0, 0, 0, 0, 0, 0, 1])
    assert scores.confusion[2].tolist() == [2, 0, 2, 0, 0, 0, 0, 0, 0, 0]
    assert str(scores).splitlines()[1] == "T-shirt/top      0.500   0.667       3"
    assert str(scores).splitlines()[-1] == "accuracy 0.7000"
