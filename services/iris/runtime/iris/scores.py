"""How good a model is."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Of the predictions for the flowers held out, against what they are; each from 0 to 1.

    Attributes:
        accuracy: The part of predictions that are right.
        recall: The mean, over the species, of the part of its flowers that were found.
        f1: The mean, over the species, of the harmonic mean of precision and recall.
    """

    accuracy: float
    recall: float
    f1: float

    def __str__(self) -> str:
        return f"accuracy {self.accuracy:.4f}, recall {self.recall:.4f}, f1 {self.f1:.4f}"
