"""Reads the sales data, a CSV file with the columns of columns.py, and refuses what can't be trained on."""

import csv
import reprlib
from array import array
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .columns import FEATURES, NAMES, TARGET
from .errors import PipelineError

Numbers = NDArray[np.float64]

# Those that are kept, in the order of the table.
_COLUMNS = (*FEATURES, TARGET)


def read_sales(path: Path) -> tuple[Numbers, Numbers]:
    """The features, with a row for each of the file and a column for each of FEATURES, and the sales.

    The file is read row by row: a million rows take 56 MB, and each value is known by its place.

    Raises:
        PipelineError: It can't be read, has other columns, or a value that is not allowed.
    """
    values = array("d")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file, strict=True)
            header = next(rows, [])
            kept = _kept(path, header)
            for number, row in enumerate(rows, start=1):
                if len(row) != len(header):
                    raise PipelineError(f"{path}, row {number}: has {len(row)} values, the header {len(header)}")
                try:
                    values.extend([float(row[index]) for index in kept])
                except ValueError as error:
                    raise _not_a_number(path, number, row, kept) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PipelineError(f"{path} can't be read as CSV in UTF-8: {error}") from error
    table = np.frombuffer(values).reshape(-1, len(_COLUMNS))
    _check_limits(path, table)
    return table[:, :-1], table[:, -1]


def _kept(path: Path, header: list[str]) -> list[int]:
    """Where each of _COLUMNS stands; the column that is dropped is in none of these places."""
    if sorted(header) != sorted(NAMES):
        missing = ", ".join(name for name in NAMES if name not in header)
        others = ", ".join(sorted({name for name in header if name not in NAMES or header.count(name) > 1}))
        said = "; ".join([f"lacks {missing}"] * bool(missing) + [f"has also or twice {others}"] * bool(others))
        raise PipelineError(f"{path}: its header {said}: give the columns {', '.join(NAMES)}, in any order")
    return [header.index(column.name) for column in _COLUMNS]


def _not_a_number(path: Path, number: int, row: list[str], kept: list[int]) -> PipelineError:
    for column, index in zip(_COLUMNS, kept, strict=True):
        try:
            float(row[index])
        except ValueError:
            return _not_allowed(path, number, column.name, reprlib.repr(row[index]), column.allowed)
    raise AssertionError("one of them is no number")


def _check_limits(path: Path, table: Numbers) -> None:
    least, most = ([getattr(column, limit) for column in _COLUMNS] for limit in ("least", "most"))
    # So written, as NaN is neither above nor below anything.
    wrong = ~((table >= least) & (table <= most))
    if wrong.any():
        row, index = np.argwhere(wrong)[0]
        column = _COLUMNS[index]
        raise _not_allowed(path, row + 1, column.name, f"{table[row, index]:g}", column.allowed)


def _not_allowed(path: Path, number: int, name: str, value: str, allowed: str) -> PipelineError:
    return PipelineError(f"{path}, row {number}, {name} = {value}: give {allowed} (row 1 is the one below the header)")
