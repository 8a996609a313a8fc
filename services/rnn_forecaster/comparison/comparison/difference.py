"""Which side forecasts better, and how sure that is."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats  # type: ignore[import-untyped]  # scipy has no types

from .scores import Numbers

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """The squared errors of A less those of B, on average.

    Attributes:
        mean: Below 0, A is the better one of what was seen; in the squared unit of the series.
        low: Where the interval of CONFIDENCE begins.
        high: Where it ends.
        p_value: How often a mean this far from 0 would be seen if both were equally good.
    """

    mean: float
    low: float
    high: float
    p_value: float

    @property
    def better(self) -> Literal["a", "b"] | None:
        """The better side; None where that can't be told."""
        if self.high < 0:
            return "a"
        return "b" if self.low > 0 else None


def difference(a: Numbers, b: Numbers) -> Difference:
    """The test of Diebold and Mariano with the correction of Harvey, Leybourne and Newbold.

    One day ahead, that is the paired t test of the losses: the correction, (n - 1) / n for the square of the
    statistic, makes the variance that of a sample, and the distribution is t with n - 1 degrees of freedom.
    Source: doi:10.1016/S0169-2070(96)00719-4, equation 9 with h = 1.

    Args:
        a: The errors of A, [count].
        b: The errors of B on the same days, [count].
    """
    if np.array_equal(a, b):
        return Difference(0.0, 0.0, 0.0, 1.0)  # the statistic is 0 / 0
    test = stats.ttest_rel(np.square(a), np.square(b))
    low, high = test.confidence_interval(CONFIDENCE)
    mean = float(np.mean(np.square(a) - np.square(b)))
    return Difference(mean, float(low), float(high), float(test.pvalue))
