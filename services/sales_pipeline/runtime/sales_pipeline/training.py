"""Trains the two models."""

from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LassoCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .errors import PipelineError
from .model import Model
from .sales_data import Numbers

TREES = 1000
SEED = 42
# Each tree is grown on that many rows at most, drawn with replacement, and ends in leaves of several: otherwise time,
# memory and the model's file would grow with the data. README.md has what that costs and saves.
ROWS_OF_A_TREE = 10_000
ROWS_OF_A_LEAF = 10
FOLDS = 5


def train_forest(x: Numbers, y: Numbers, *, trees: int) -> Model:
    """A random forest.

    Raises:
        PipelineError: A number of trees that is not allowed.
    """
    if not 1 <= trees <= TREES:
        raise PipelineError(f"trees = {trees}: give a whole number from 1 to {TREES}")
    forest = RandomForestRegressor(
        n_estimators=trees,
        min_samples_leaf=ROWS_OF_A_LEAF,
        max_samples=min(ROWS_OF_A_TREE, len(x)),
        random_state=SEED,
    )
    return Model(estimator=forest.fit(x, y), rows=len(x))


def train_lasso(x: Numbers, y: Numbers) -> Model:
    """A linear model with few terms; how few is chosen by cross-validation."""
    # The penalty compares coefficients, which have one unit only when the features have one spread.
    lasso = make_pipeline(StandardScaler(), LassoCV(cv=FOLDS))
    return Model(estimator=lasso.fit(x, y), rows=len(x))
