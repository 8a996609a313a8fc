"""Sales data that tests make."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np

from services.sales_pipeline.runtime.sales_pipeline.columns import NAMES

Rows = list[list[str]]
# The spread of what nobody can predict: no model's RMSE is below it.
NOISE = 5.0


def write_sales(path: Path, rows: int, *, linear: bool = False, change: Callable[[Rows], object] | None = None) -> Path:
    """Writes sales that follow from the features, and noise.

    Args:
        path: The file.
        rows: How many, besides the header.
        linear: Whether a straight line fits them, or the year has a season as well.
        change: What else is done to the rows, the header first.
    """
    random = np.random.default_rng(7)
    price, competitor_price = random.uniform(5, 15, (2, rows))
    discount = random.choice([0, 0.1, 0.25], rows)
    advertising = random.exponential(100, rows)
    stores = random.integers(1, 40, rows)
    week = random.integers(1, 54, rows)
    sales = 300 + 12 * (competitor_price - price) + 150 * discount + 0.2 * advertising + 3 * stores
    if not linear:
        sales += 80 * np.sin(week * 2 * np.pi / 52)
    sales = np.maximum(sales + random.normal(0, NOISE, rows), 0)
    columns = (price, competitor_price, discount, advertising, stores, week, sales)
    table = [list(NAMES)]
    numbers = zip(*(np.round(column, 3).tolist() for column in columns), strict=True)
    table += [[f"order-{number}", *map(str, row)] for number, row in enumerate(numbers)]
    if change:
        change(table)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(table)
    return path
