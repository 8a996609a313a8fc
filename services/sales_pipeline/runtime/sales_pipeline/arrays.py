"""The arrays that the steps hand on: NumPy's .npy files, never with pickled objects."""

from pathlib import Path

import numpy as np

from .columns import FEATURES
from .errors import PipelineError
from .sales_data import Numbers


def write_array(path: Path, values: Numbers) -> None:
    """Writes one array; raises OSError."""
    with path.open("wb") as file:
        np.save(file, values, allow_pickle=False)


def read_arrays(x_path: Path, y_path: Path) -> tuple[Numbers, Numbers]:
    """Features and sales of the same rows.

    Raises:
        PipelineError: One can't be read, or they are not what `preprocess` has written together.
    """
    x, y = _read(x_path), _read(y_path)
    if x.ndim != 2 or x.shape[1] != len(FEATURES):
        raise PipelineError(f"{x_path} has the shape {x.shape}: give rows of {len(FEATURES)} features")
    if y.shape != (len(x),):
        raise PipelineError(f"{y_path} has the shape {y.shape}, {x_path} {len(x)} rows: give both of the same split")
    return x, y


def _read(path: Path) -> Numbers:
    try:
        with path.open("rb") as file:
            values: Numbers = np.lib.format.read_array(file, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise PipelineError(f"{path} is no .npy file of numbers: {error}") from error
    if values.dtype != np.float64 or not np.isfinite(values).all():
        raise PipelineError(f"{path} holds {values.dtype} or what is not finite: give finite numbers of float64")
    return values
