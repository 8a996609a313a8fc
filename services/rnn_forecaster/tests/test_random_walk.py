import numpy as np
import pytest

from services.rnn_forecaster.training.random_walk import WINDOW, Series, Windows, random_walk
from services.rnn_forecaster.training.scores import Scores, table


@pytest.fixture(scope="module")
def walk() -> Series:
    return random_walk(1012)


def test_the_walk_has_a_value_for_each_day_from_2000_to_september_2018(walk: Series) -> None:
    assert len(walk.days) == len(walk.values) == 6839
    assert (str(walk.days[0]), str(walk.days[-1])) == ("2000-01-01", "2018-09-21")
    assert set(np.diff(walk.days)) == {np.timedelta64(1, "D")}


def test_the_seed_decides_the_walk(walk: Series) -> None:
    assert np.array_equal(walk.values, random_walk(1012).values)
    assert not np.array_equal(walk.values, random_walk(1013).values)


def test_the_walks_steps_are_independent_and_standard_normal(walk: Series) -> None:
    steps = np.diff(walk.values.astype(np.float64))

    # Each within four of its standard errors.
    assert abs(steps.mean()) < 4 / len(steps) ** 0.5
    assert abs(steps.std() - 1) < 4 / (2 * len(steps)) ** 0.5
    assert abs(np.corrcoef(steps[:-1], steps[1:])[0, 1]) < 4 / len(steps) ** 0.5


def test_a_target_is_the_value_of_the_day_after_its_window(walk: Series) -> None:
    days = Series(walk.days, np.arange(len(walk.days), dtype=np.float32))

    windows = Windows.of(days)

    assert windows.inputs.shape == (len(days.days) - WINDOW, WINDOW)
    assert windows.targets.shape == (len(days.days) - WINDOW, 1)
    assert np.array_equal(windows.inputs[0], np.arange(WINDOW))
    assert np.array_equal(windows.targets[:, 0], windows.inputs[:, -1] + 1)
    assert windows.targets[-1, 0] == days.values[-1]


def test_the_held_out_part_comes_after_the_training_and_shares_no_day_with_it(walk: Series) -> None:
    training, held_out = walk.split()

    assert (len(training.days), len(held_out.days)) == (5471, 1368)
    assert training.days[-1] + np.timedelta64(1, "D") == held_out.days[0]
    assert np.array_equal(np.concatenate([training.values, held_out.values]), walk.values)


def test_the_naive_forecast_is_off_by_the_walks_step(walk: Series) -> None:
    _, held_out = walk.split()

    naive = Scores.of_naive_forecasts(Windows.of(held_out))

    steps = np.diff(held_out.values[WINDOW - 1 :].astype(np.float64))
    assert naive.mean_absolute_error == pytest.approx(np.abs(steps).mean())
    assert naive.root_mean_squared_error == pytest.approx(np.sqrt((steps**2).mean()))


def test_scores_are_a_line_each() -> None:
    windows = Windows(np.zeros((2, WINDOW), np.float32), np.array([[1], [-7]], np.float32))

    naive = Scores.of_naive_forecasts(windows)

    assert table({"naive": naive}).splitlines() == ["             MAE    RMSE", "naive     4.0000  5.0000"]
