"""Splits the sales data into what models are trained on and what they are tested with."""

from pathlib import Path

from sklearn.model_selection import train_test_split

from .errors import PipelineError
from .sales_data import Numbers, read_sales

TEST_SIZE = 0.2
SEED = 42
# LassoCV's five folds need some rows each.
_FEWEST = 50


def preprocess(path: Path) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """x_train, x_test, y_train, y_test: every row is in one of the two parts, the same at each run.

    Raises:
        PipelineError: The data can't be trained on.
    """
    x, y = read_sales(path)
    if len(x) < _FEWEST:
        raise PipelineError(f"{path} has {len(x)} rows: give {_FEWEST} or more")
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=TEST_SIZE, random_state=SEED)
    return x_train, x_test, y_train, y_test
