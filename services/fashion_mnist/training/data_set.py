"""Fashion-MNIST, read from its four files: https://github.com/zalandoresearch/fashion-mnist."""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from modelyard.errors import ConfigurationError

import numpy as np
import numpy.typing as npt

from .download import downloaded

CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
SIDE = 28  # pixels

_MEND = (
    "give a folder that has the four files as they are published "
    "(Debian: apt-get install dataset-fashion-mnist, then /usr/share/datasets/fashion-mnist)"
)


@dataclass(frozen=True)
class LabelledImages:
    """Images and what they show.

    Attributes:
        images: [count, 28, 28], from 0 for background to 1.
        labels: [count], indices of CLASSES.
    """

    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class DataSet:
    """What is for training, and what only for scores: 60,000 and 10,000 images, if they are the published ones."""

    train: LabelledImages
    test: LabelledImages


def load_data_set(folder: Path | None = None) -> DataSet:
    """Reads the data set from a folder, or, without one, fetches it into the user's cache if it is not there yet.

    Raises:
        ConfigurationError: It can't be fetched, or a file is missing or is not what its name says.
    """
    folder = downloaded() if folder is None else folder
    return DataSet(train=read_images(folder, "train"), test=read_images(folder, "t10k"))


def read_images(folder: Path, part: Literal["train", "t10k"]) -> LabelledImages:
    """Reads one part of the data set, by the name that its files begin with.

    Raises:
        ConfigurationError: A file is missing or is not what its name says.
    """
    image_file, label_file = folder / f"{part}-images-idx3-ubyte.gz", folder / f"{part}-labels-idx1-ubyte.gz"
    pixels, labels = _read_idx(image_file, dimensions=3), _read_idx(label_file, dimensions=1)
    if pixels.shape[1:] != (SIDE, SIDE):
        raise ConfigurationError(
            f"{image_file} has images of {pixels.shape[1]} by {pixels.shape[2]} pixels, not {SIDE} by {SIDE}",
            mend=_MEND,
        )
    if len(pixels) != len(labels):
        raise ConfigurationError(f"{image_file} has {len(pixels)} images, {label_file.name} {len(labels)}", mend=_MEND)
    if len(labels) == 0 or labels.max() >= len(CLASSES):
        raise ConfigurationError(f"{label_file} has no labels, or others than 0 to {len(CLASSES) - 1}", mend=_MEND)
    return LabelledImages(images=pixels.astype(np.float32) / np.float32(255), labels=labels)


def _read_idx(path: Path, *, dimensions: int) -> npt.NDArray[np.uint8]:
    """An array of bytes in the format of MNIST: two zeros, 8 for bytes, how many dimensions, and the sizes."""
    try:
        content = gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        raise ConfigurationError(f"{path} does not exist", mend=_MEND) from None
    except (OSError, EOFError, zlib.error) as error:
        raise ConfigurationError(f"{path} can't be read: {error}", mend=_MEND) from None
    start = 4 * (1 + dimensions)
    if content[:4] != bytes([0, 0, 8, dimensions]) or len(content) < start:
        raise ConfigurationError(f"{path} is no IDX file of bytes with {dimensions} dimensions", mend=_MEND)
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], ">u4"))
    values = np.frombuffer(content, np.uint8, offset=start)
    if len(values) != np.prod(shape, dtype=object):
        wanted = " x ".join(map(str, shape))
        raise ConfigurationError(f"{path} announces {wanted} bytes and has {len(values)}", mend=_MEND)
    return values.reshape(shape)
