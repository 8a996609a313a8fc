"""The series that both sides forecast: a simulated random walk, cut into windows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WINDOW = 100  # values that a forecast is made from, for the day after the last of them


@dataclass(frozen=True)
class Windows:
    """What the sides get, and what they are to forecast.

    Attributes:
        inputs: [count, WINDOW], the oldest value first.
        targets: [count], the value of the day after each window.
    """

    inputs: npt.NDArray[np.float32]
    targets: npt.NDArray[np.float32]


def random_walk(seed: int, days: int) -> npt.NDArray[np.float32]:
    """Starts at 0 and goes a step each day, drawn from the standard normal distribution, as in training."""
    steps = np.random.default_rng(seed).standard_normal(days - 1)
    return np.concatenate([[0.0], steps.cumsum()]).astype(np.float32)


def windows(seed: int, count: int) -> Windows:
    """Windows that have no day in common: steps are independent, and so is how well each window is forecast."""
    pieces = random_walk(seed, count * (WINDOW + 1)).reshape(count, WINDOW + 1)
    return Windows(pieces[:, :WINDOW], pieces[:, WINDOW])
