"""The figures of the comparison against known ones, and against what they promise."""

import numpy as np
import pytest

from services.rnn_forecaster.comparison.comparison.difference import difference
from services.rnn_forecaster.comparison.comparison.random_walk import WINDOW, Windows, random_walk, windows
from services.rnn_forecaster.comparison.comparison.scores import Numbers, score


def test_scores_are_those_of_a_worked_example() -> None:
    inputs = np.array([[0, 1, 3], [10, 10, 12]], dtype=np.float32)  # steps of 1, 2, 0 and 2: 1.25 on average

    found = score(np.array([3.0, -4.0]), Windows(inputs, np.zeros(2, dtype=np.float32)))

    assert found.mae == 3.5
    assert found.rmse == pytest.approx(12.5**0.5)
    assert found.mase == pytest.approx(3.5 / 1.25)


def test_the_interval_is_that_of_a_worked_example() -> None:
    losses = np.arange(1.0, 10.0)  # of A; B has none: 5 on average, with a variance of 7.5

    found = difference(np.sqrt(losses), np.zeros(9))

    # The table of Student's t has 2.306 for 8 degrees of freedom and 95 %.
    half = 2.306 * (7.5 / 9) ** 0.5
    assert (found.mean, found.low, found.high) == pytest.approx((5, 5 - half, 5 + half), rel=1e-4)
    assert found.better == "b"


def test_the_statistic_is_that_of_diebold_and_mariano_with_the_correction_for_small_samples() -> None:
    a, b = np.random.default_rng(1).normal(size=(2, 12))
    losses = a**2 - b**2
    # As in the papers, for forecasts h = 1 days ahead: only the autocovariance at lag 0 is in the variance.
    n, h = 12, 1
    diebold_mariano = losses.mean() / np.sqrt(np.mean((losses - losses.mean()) ** 2) / n)
    corrected = diebold_mariano * np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)

    found = difference(a, b)

    # The table of Student's t has 2.201 for 11 degrees of freedom and 95 %.
    assert (found.high - found.low) / 2 == pytest.approx(2.201 * found.mean / corrected, rel=1e-4)


def test_the_sides_are_treated_alike() -> None:
    a, b = np.random.default_rng(2).normal(size=(2, 50))

    one, other = difference(a, b), difference(b, a)

    assert (one.mean, one.low, one.high, one.p_value) == pytest.approx(
        (-other.mean, -other.high, -other.low, other.p_value)
    )


def test_of_equal_forecasts_nothing_can_be_told() -> None:
    wrong = np.arange(30.0)
    assert difference(wrong, wrong).better is None


def test_of_equally_good_forecasters_five_percent_are_told_apart() -> None:
    told_apart = 0
    for seed in range(200):
        given = windows(seed, 50)
        # Both add what has nothing to do with the next day, one of them what was some days earlier.
        recent, earlier = _trend(given, 0), _trend(given, 20)
        wrong = given.inputs[:, -1] - given.targets
        told_apart += difference(wrong + 20 * recent, wrong + 20 * earlier).better is not None

    # 10 are expected; of windows that overlap, it would be 56.
    assert 4 <= told_apart <= 16


def _trend(given: Windows, days_ago: int) -> Numbers:
    last = WINDOW - 1 - days_ago
    return (given.inputs[:, last] - given.inputs[:, last - 20]).astype(np.float64) / 20


def test_no_two_windows_have_a_day_in_common() -> None:
    given = windows(3, 40)

    days = np.column_stack([given.inputs, given.targets]).ravel()
    assert np.array_equal(days, random_walk(3, 40 * (WINDOW + 1)))
