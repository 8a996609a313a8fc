"""How far forecasts are from what came, beside the naive forecast: the last value again."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .random_walk import Windows


@dataclass(frozen=True)
class Scores:
    """Of forecasts, in the unit of the series."""

    mean_absolute_error: float
    root_mean_squared_error: float

    @classmethod
    def of(cls, forecasts: npt.NDArray[np.float32], windows: Windows) -> "Scores":
        """Compares forecasts, [count, 1], with what came."""
        errors = forecasts.astype(np.float64) - windows.targets
        return cls(float(np.abs(errors).mean()), float(np.sqrt(np.square(errors).mean())))

    @classmethod
    def of_naive_forecasts(cls, windows: Windows) -> "Scores":
        """What no forecast of a random walk can be expected to beat."""
        return cls.of(windows.inputs[:, -1:], windows)


def table(scores: dict[str, Scores]) -> str:
    """A line for each forecaster."""
    lines = [f"{'':8}     MAE    RMSE"]
    for name, each in scores.items():
        lines.append(f"{name:8} {each.mean_absolute_error:7.4f} {each.root_mean_squared_error:7.4f}")
    return "\n".join(lines)
