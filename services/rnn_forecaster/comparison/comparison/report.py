"""The outcome for a terminal, or a pod's log."""

import numpy as np
import uniplot

from .outcome import Outcome
from .random_walk import WINDOW

_WIDTH, _HEIGHT = 70, 14  # characters
#: What the plots show, in words for both.
PLOTTED = "A's squared errors less B's, summed up: falls where A is better"
_ASSUMPTION = (
    "The interval takes the days' differences as independent draws of one distribution with a finite variance. No two\n"
    "windows overlap and the walk's steps are independent, so it holds for models to which only the steps within a\n"
    "window matter. It tells of random walks such as this one, and of no other series."
)


def report(outcome: Outcome) -> str:
    """Inputs, table, plot and verdict."""
    return "\n".join(
        [
            f"Simulated random walk, seed {outcome.seed}: {outcome.days} days, each forecast from the {WINDOW} before.",
            *(
                f"{side.name.upper()}: {side.url}, model version {version}"
                for side, version in zip(outcome.sides, outcome.versions, strict=True)
            ),
            "",
            _table(outcome),
            "",
            _plot(outcome),
            "",
            outcome.verdict(),
            "",
            _ASSUMPTION,
        ]
    )


def _table(outcome: Outcome) -> str:
    names = {"a": "A", "b": "B", "naive": "last value"}
    lines = [f"{'':10}  {'MAE':>9}  {'RMSE':>9}  {'MASE':>9}"]
    for name, scores in outcome.scores.items():
        lines.append(f"{names[name]:10}  {scores.mae:9.4f}  {scores.rmse:9.4f}  {scores.mase:9.4f}")
    return "\n".join(lines)


def _plot(outcome: Outcome) -> str:
    return uniplot.plot_to_string(
        np.cumsum(outcome.losses),
        xs=np.arange(1, outcome.days + 1),
        title=PLOTTED,
        width=_WIDTH,
        height=_HEIGHT,
        x_gridlines=[],
        lines=True,
        color=False,
    )
