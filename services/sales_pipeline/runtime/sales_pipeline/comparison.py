"""Chooses the better model."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .model import Model, read_model
from .sales_data import Numbers
from .scores import score


def compare(paths: Sequence[Path], x: Numbers, y: Numbers) -> list[Model]:
    """The models with their scores on the same rows, the lowest error first; of equal ones, the first that was named.

    Args:
        paths: Of the models' files.
        x: Features of rows that no model was trained on.
        y: Their sales.

    Raises:
        PipelineError: One is no model.
    """
    tested = [(score(model.estimator.predict(x), y), model) for model in map(read_model, paths)]
    tested.sort(key=lambda each: each[0].mse)
    return [replace(model, scores=scores) for scores, model in tested]
