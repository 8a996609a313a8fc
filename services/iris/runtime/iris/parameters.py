"""The parameters of a training run."""

import math
from dataclasses import dataclass

from .errors import IrisError

# The irises of the data set: 50 of each of the three species.
ROWS = 150
METRICS = ("minkowski", "euclidean", "manhattan", "chebyshev")
WEIGHTS = ("uniform", "distance")


@dataclass(frozen=True, kw_only=True, order=True)
class Parameters:
    """Of scikit-learn's KNeighborsClassifier, and of the split of the data.

    Attributes:
        n_neighbors: How many neighbours vote.
        leaf_size: Of the search tree, in rows; changes the speed, never a prediction but for neighbours equally far.
        metric: How far two flowers are apart: minkowski, euclidean, manhattan or chebyshev.
        p: The power of the metric minkowski, at least 1; 1 is manhattan, 2 is euclidean.
        weights: uniform, or distance for a vote that counts by the inverse of the distance.
        test_size: The part of the flowers that is held out for the scores, between 0 and 1.
        random_state: The seed of the split.

    Raises:
        IrisError: A value that is not allowed, with what is.
    """

    n_neighbors: int = 3
    leaf_size: int = 30
    metric: str = "minkowski"
    p: float = 2.0
    weights: str = "uniform"
    test_size: float = 0.3
    random_state: int = 1012

    def __post_init__(self) -> None:
        _check("test_size", self.test_size, 0 < self.test_size < 1, "a part between 0 and 1, such as 0.3")
        trained = ROWS - math.ceil(ROWS * self.test_size)
        neighbors = f"a whole number from 1 to {trained}, the rows that are left for training"
        _check("n_neighbors", self.n_neighbors, 1 <= self.n_neighbors <= trained, neighbors)
        _check("leaf_size", self.leaf_size, self.leaf_size >= 1, "a whole number from 1 on")
        _check("metric", self.metric, self.metric in METRICS, f"one of {', '.join(METRICS)}")
        _check("p", self.p, 1 <= self.p < math.inf, "a number from 1 on")
        _check("weights", self.weights, self.weights in WEIGHTS, f"one of {', '.join(WEIGHTS)}")
        seeds = "a whole number from 0 to 4294967295"
        _check("random_state", self.random_state, 0 <= self.random_state < 2**32, seeds)

    @property
    def split(self) -> tuple[float, int]:
        """What decides which flowers the scores are of: scores of different splits can't be compared."""
        return self.test_size, self.random_state


def _check(name: str, value: object, is_allowed: bool, allowed: str) -> None:
    if not is_allowed:
        raise IrisError(f"{name} = {value}: give {allowed}")
