"""A data set that is made, not fetched: each class has a bright block at a place of its own, in noise."""

import gzip
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

CLASSES = 10
SIDE = 28


def make_images(per_class: int, *, seed: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """[10 * per_class, 28, 28] pixels and their labels, in an order of chance."""
    chance = np.random.default_rng(seed)
    labels = chance.permutation(np.repeat(np.arange(CLASSES, dtype=np.uint8), per_class))
    pixels = chance.integers(0, 60, (len(labels), SIDE, SIDE), dtype=np.uint8)
    for image, label in zip(pixels, labels, strict=True):
        top, left = 14 * (label // 5), 5 * (label % 5)
        image[top : top + 10, left : left + 5] += 180
    return pixels, labels


def write_idx(path: Path, array: npt.NDArray[np.uint8]) -> None:
    """The format of MNIST's files: https://github.com/zalandoresearch/fashion-mnist#get-the-data."""
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(head + array.tobytes(), compresslevel=1))


def write_data_set(folder: Path, *, per_class: int = 20) -> Path:
    """The four files, with a fourth as many images to test as to train."""
    for seed, (part, count) in enumerate([("train", per_class), ("t10k", per_class // 4)]):
        pixels, labels = make_images(count, seed=seed)
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", pixels)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)
    return folder
