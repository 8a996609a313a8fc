"""How far forecasts are from what came."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .random_walk import Windows

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Means over all forecasts, the lower the better.

    Attributes:
        mae: Mean absolute error, in the unit of the series.
        rmse: Root of the mean squared error, in the unit of the series.
        mase: Mean absolute error, in mean absolute steps from one day to the next within the windows: 1 is as far off
            as the last value was there (Hyndman and Koehler, 2006, doi:10.1016/j.ijforecast.2006.03.001).
    """

    mae: float
    rmse: float
    mase: float


def errors(forecasts: Numbers, windows: Windows) -> Numbers:
    """[count], what was forecast less what came."""
    return forecasts - windows.targets


def naive_forecasts(windows: Windows) -> Numbers:
    """[count], the last value of each window: the best that can be known of a random walk."""
    return windows.inputs[:, -1].astype(np.float64)


def score(errors: Numbers, windows: Windows) -> Scores:
    """Sums up errors, [count]."""
    mae = float(np.abs(errors).mean())
    step = float(np.abs(np.diff(windows.inputs.astype(np.float64), axis=1)).mean())
    return Scores(mae=mae, rmse=float(np.sqrt(np.square(errors).mean())), mase=mae / step)
