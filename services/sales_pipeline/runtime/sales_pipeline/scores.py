"""How far predictions are from the truth."""

import math
from dataclasses import dataclass

from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from .sales_data import Numbers


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Of predictions for rows that the model was not trained on.

    Attributes:
        mse: Mean squared error, in units squared.
        mae: Mean absolute error, in units.
        r2: R², the part of the variance that is explained; 1 at best.
    """

    mse: float
    mae: float
    r2: float

    @property
    def rmse(self) -> float:
        """Root of the mean squared error, in units."""
        return math.sqrt(self.mse)

    def __str__(self) -> str:
        return f"MSE {self.mse:.4f}, RMSE {self.rmse:.4f}, MAE {self.mae:.4f}, R² {self.r2:.4f}"


def score(predicted: Numbers, truth: Numbers) -> Scores:
    """Compares predictions with the truth, row by row."""
    return Scores(
        mse=float(mean_squared_error(truth, predicted)),
        mae=float(mean_absolute_error(truth, predicted)),
        r2=float(r2_score(truth, predicted)),
    )
