"""What the notebook shows."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt

from .data_set import CLASSES
from .scores import Scores


def show_images(images: npt.NDArray[np.float32], titles: Sequence[str]) -> None:
    """Draws ten images, [10, 28, 28] from 0 to 1, each below its title."""
    _, axes = plt.subplots(2, 5, figsize=(9, 4.4), layout="constrained")
    for axis, image, title in zip(axes.flat, images, titles, strict=True):
        axis.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        axis.set_title(title, fontsize="small")
        axis.set_axis_off()


def show_confusion(scores: Scores) -> None:
    """Draws the confusion matrix, with a row for each true class."""
    _, axis = plt.subplots(figsize=(7, 6), layout="constrained")
    axis.imshow(scores.confusion, cmap="Blues")
    axis.set_xticks(range(len(CLASSES)), CLASSES, rotation=45, ha="right")
    axis.set_yticks(range(len(CLASSES)), CLASSES)
    dark = scores.confusion.max() / 2
    for (row, column), count in np.ndenumerate(scores.confusion):
        color = "white" if count > dark else "black"
        axis.text(column, row, str(count), ha="center", va="center", color=color, fontsize="small")


def titles(probabilities: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8]) -> list[str]:
    """For each image the likeliest class and how likely it is, and the true one where that is another."""
    return [
        f"{CLASSES[each.argmax()]} {each.max():.0%}" + ("" if each.argmax() == label else f"\nis {CLASSES[label]}")
        for each, label in zip(probabilities, labels, strict=True)
    ]
