import gzip
from pathlib import Path

from modelyard.errors import ConfigurationError

import numpy as np
import pytest

from services.fashion_mnist.tests.images import make_images, write_data_set, write_idx
from services.fashion_mnist.training.data_set import load_data_set

TRAIN_IMAGES = "train-images-idx3-ubyte.gz"
TRAIN_LABELS = "train-labels-idx1-ubyte.gz"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_data_set(tmp_path, per_class=4)


def test_images_and_labels_are_read_as_they_were_written(folder: Path) -> None:
    data_set = load_data_set(folder)

    for seed, count, part in [(0, 4, data_set.train), (1, 1, data_set.test)]:
        pixels, labels = make_images(count, seed=seed)
        assert part.images.dtype == np.float32
        assert np.array_equal(np.rint(part.images * 255), pixels)
        assert part.images.max() <= 1
        assert np.array_equal(part.labels, labels)


def _refusal(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as error:
        load_data_set(folder)
    assert "apt-get install dataset-fashion-mnist" in error.value.mend
    return error.value.what


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / TRAIN_LABELS).unlink()

    assert _refusal(folder) == f"{folder / TRAIN_LABELS} does not exist"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no IDX file of bytes with 3 dimensions"),
        (b"no archive", "can't be read: Not a gzipped file"),
        (gzip.compress(bytes(1000))[:-9], "can't be read: Compressed file ended"),
        (gzip.compress(bytes(1000))[:10] + b"\x07" * 20, "can't be read: Error -3"),
        (gzip.compress(b"\0\0\x08\x03\0\0"), "is no IDX file of bytes with 3 dimensions"),
        (gzip.compress(b"\0\0\x08\x01" + bytes(12)), "is no IDX file of bytes with 3 dimensions"),
        (gzip.compress(b"\0\0\x0d\x03" + bytes(12)), "is no IDX file of bytes with 3 dimensions"),
        (
            gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12),
            "announces 4294967295 x 4294967295 x 4294967295 bytes and has 0",
        ),
    ],
    ids=["empty", "no archive", "cut", "damaged", "no head", "one dimension", "floats", "far too large"],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(folder: Path, content: bytes, said: str) -> None:
    (folder / TRAIN_IMAGES).write_bytes(content)

    assert _refusal(folder).startswith(f"{folder / TRAIN_IMAGES} {said}")


def test_images_of_another_size_are_refused(folder: Path) -> None:
    write_idx(folder / TRAIN_IMAGES, np.zeros((40, 32, 30), np.uint8))

    assert _refusal(folder) == f"{folder / TRAIN_IMAGES} has images of 32 by 30 pixels, not 28 by 28"


def test_images_without_labels_are_refused(folder: Path) -> None:
    write_idx(folder / TRAIN_LABELS, np.zeros(39, np.uint8))

    assert _refusal(folder) == f"{folder / TRAIN_IMAGES} has 40 images, {TRAIN_LABELS} 39"


@pytest.mark.parametrize(("count", "label"), [(40, 10), (0, 0)])
def test_labels_that_are_none_of_the_classes_are_refused(folder: Path, count: int, label: int) -> None:
    write_idx(folder / TRAIN_IMAGES, np.zeros((count, 28, 28), np.uint8))
    write_idx(folder / TRAIN_LABELS, np.full(count, label, np.uint8))

    assert _refusal(folder) == f"{folder / TRAIN_LABELS} has no labels, or others than 0 to 9"
