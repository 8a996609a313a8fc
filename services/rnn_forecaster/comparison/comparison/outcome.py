"""All that a comparison has found."""

from dataclasses import asdict, dataclass
from datetime import datetime

import numpy as np

from .difference import CONFIDENCE, Difference, difference
from .random_walk import windows
from .scores import Numbers, Scores, errors, naive_forecasts, score
from .side import Side


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was asked, and what came of it.

    Attributes:
        time: When.
        seed: Of the series.
        days: How many were forecast.
        sides: A and B.
        versions: The version of each side's model.
        scores: Of `a`, `b` and `naive`.
        difference: Of the two sides.
        losses: [days], the squared error of A less that of B.
    """

    time: datetime
    seed: int
    days: int
    sides: tuple[Side, Side]
    versions: tuple[str, str]
    scores: dict[str, Scores]
    difference: Difference
    losses: Numbers

    @property
    def name(self) -> str:
        """For a folder: of time and seed."""
        return f"{self.time:%Y-%m-%dT%H-%M-%SZ}-seed-{self.seed}"

    def verdict(self) -> str:
        """One sentence."""
        if not self.losses.any():
            return "No difference can be told: both sides give the same forecasts."
        found, p_value = self.difference, _p_value(self.difference.p_value)
        if found.better is None:
            return (
                f"No difference can be told: A's squared error less B's is {found.mean:.4g} on average, and its 95 % "
                f"interval, {found.low:.4g} to {found.high:.4g}, contains 0 ({p_value})."
            )
        better, worse = ("A", "B") if found.better == "a" else ("B", "A")
        low, high = sorted((abs(found.low), abs(found.high)))
        return (
            f"{better} forecasts better than {worse}: its squared error is {abs(found.mean):.4g} lower on average "
            f"(95 % interval {low:.4g} to {high:.4g}, {p_value})."
        )

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {
            "format_version": 1,
            "time": self.time.isoformat(),
            "seed": self.seed,
            "days": self.days,
            "sides": {
                side.name: {"url": side.url, "model_version": version}
                for side, version in zip(self.sides, self.versions, strict=True)
            },
            "scores": {name: asdict(scores) for name, scores in self.scores.items()},
            "squared_error_of_a_less_b": {"confidence": CONFIDENCE, **asdict(self.difference)},
            "better": self.difference.better,
            "verdict": self.verdict(),
        }


def compare(a: Side, b: Side, *, seed: int, days: int, time: datetime) -> Outcome:
    """Asks both sides.

    Raises:
        ComparisonError: One of them gives no forecasts.
    """
    asked = windows(seed, days)
    answers = [side.forecasts(asked.inputs) for side in (a, b)]
    wrong = {
        "a": errors(answers[0].values, asked),
        "b": errors(answers[1].values, asked),
        "naive": errors(naive_forecasts(asked), asked),
    }
    return Outcome(
        time=time,
        seed=seed,
        days=days,
        sides=(a, b),
        versions=(answers[0].version, answers[1].version),
        scores={name: score(each, asked) for name, each in wrong.items()},
        difference=difference(wrong["a"], wrong["b"]),
        losses=np.square(wrong["a"]) - np.square(wrong["b"]),
    )


def _p_value(p_value: float) -> str:
    return "p < 0.0001" if p_value < 0.0001 else f"p = {p_value:.2g}"
