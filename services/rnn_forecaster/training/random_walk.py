"""A simulated random walk, cut into windows to forecast from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FIRST_DAY, LAST_DAY = np.datetime64("2000-01-01"), np.datetime64("2018-09-21")
WINDOW = 100  # values that a forecast is made from, for the day after the last of them
HELD_OUT = 0.2  # the last part of the days, for scores only


@dataclass(frozen=True)
class Series:
    """A value a day.

    Attributes:
        days: [count], without gaps.
        values: [count], float32 since a model takes and gives that.
    """

    days: npt.NDArray[np.datetime64]
    values: npt.NDArray[np.float32]

    def split(self, held_out: float = HELD_OUT) -> tuple["Series", "Series"]:
        """What is for training, and the days after it, which share no value with it."""
        first = round(len(self.values) * (1 - held_out))
        return Series(self.days[:first], self.values[:first]), Series(self.days[first:], self.values[first:])

    @property
    def step(self) -> float:
        """The standard deviation of the change from one day to the next."""
        return float(np.diff(self.values).std())


@dataclass(frozen=True)
class Windows:
    """What is known, and what is to be forecast from it.

    Attributes:
        inputs: [count, WINDOW], the oldest value first.
        targets: [count, 1], the value of the day after each window.
    """

    inputs: npt.NDArray[np.float32]
    targets: npt.NDArray[np.float32]

    @classmethod
    def of(cls, series: Series) -> "Windows":
        """Every window of a series that has a day after it."""
        every = np.lib.stride_tricks.sliding_window_view(series.values, WINDOW + 1)
        return cls(every[:, :WINDOW], every[:, WINDOW:])


def random_walk(seed: int) -> Series:
    """Starts at 0 and goes a step each day, drawn from the standard normal distribution."""
    days = np.arange(FIRST_DAY, LAST_DAY + np.timedelta64(1, "D"))
    steps = np.random.default_rng(seed).standard_normal(len(days) - 1)
    return Series(days, np.concatenate([[0.0], steps.cumsum()]).astype(np.float32))
