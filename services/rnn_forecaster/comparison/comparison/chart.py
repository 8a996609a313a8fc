"""The outcome as a picture."""

import io

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from .outcome import Outcome
from .report import PLOTTED


def chart(outcome: Outcome) -> bytes:
    """An SVG file: the same outcome gives the same bytes, without date and random ids, and text stays text."""
    with rc_context({"svg.hashsalt": "comparison", "svg.fonttype": "none"}):
        figure = Figure(figsize=(10, 5), layout="constrained")
        axes = figure.add_subplot()
        axes.axhline(0, color="grey", linewidth=0.8)
        axes.plot(np.arange(1, outcome.days + 1), np.cumsum(outcome.losses))
        axes.set_title(f"{PLOTTED}\n{outcome.verdict()}", fontsize="small", wrap=True)
        axes.set_xlabel(f"days, of a random walk with seed {outcome.seed}")
        axes.set_ylabel("sum of the differences")
        content = io.BytesIO()
        figure.savefig(content, format="svg", metadata={"Date": None})
    return content.getvalue()
