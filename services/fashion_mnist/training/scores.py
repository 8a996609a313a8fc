"""How well predicted classes agree with the true ones."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .data_set import CLASSES


@dataclass(frozen=True)
class Scores:
    """Counts of predictions, and what follows from them.

    Attributes:
        confusion: [10, 10], how many images of each class (row) were taken for each class (column).
    """

    confusion: npt.NDArray[np.int64]

    @classmethod
    def of(cls, probabilities: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8]) -> "Scores":
        """Compares the likeliest classes of [count, 10] with [count] labels."""
        confusion = np.zeros((len(CLASSES), len(CLASSES)), np.int64)
        np.add.at(confusion, (labels, probabilities.argmax(axis=1)), 1)
        return cls(confusion)

    @property
    def accuracy(self) -> float:
        """The part of the images whose class was found."""
        return float(self.confusion.trace() / self.confusion.sum())

    @property
    def precision(self) -> npt.NDArray[np.float64]:
        """Of what was taken for a class, the part that is of it; 0 where nothing was."""
        return self._part_of(self.confusion.sum(axis=0))

    @property
    def recall(self) -> npt.NDArray[np.float64]:
        """Of what is of a class, the part that was taken for it; 0 where there is nothing."""
        return self._part_of(self.confusion.sum(axis=1))

    def _part_of(self, counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        return np.divide(self.confusion.diagonal(), np.maximum(counts, 1), dtype=np.float64)

    def __str__(self) -> str:
        """A table with a line for each class, and the accuracy at the end."""
        lines = [f"{'':12} precision  recall  images"]
        for name, precision, recall, images in zip(
            CLASSES, self.precision, self.recall, self.confusion.sum(axis=1), strict=True
        ):
            lines.append(f"{name:12} {precision:9.3f} {recall:7.3f} {images:7d}")
        return "\n".join([*lines, f"accuracy {self.accuracy:.4f}"])
