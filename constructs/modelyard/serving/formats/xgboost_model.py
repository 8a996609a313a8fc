"""XGBoost's Boosters and scikit-learn-style models, in its own binary JSON."""

import math

from modelyard.errors import ConfigurationError
from modelyard.serving.formats.answers import require_equal
from modelyard.serving.formats.content import Content, Foreign, Tensor, versions

import numpy as np
import xgboost
from sklearn.exceptions import NotFittedError

_WHERE = "model"
#: The runtime makes one of these, and lets it read the file.
ESTIMATORS = ("Booster", "XGBClassifier", "XGBRFClassifier", "XGBRFRegressor", "XGBRanker", "XGBRegressor")


def content(model: Foreign, example: Foreign) -> Content:
    """A trained model.

    Raises:
        ConfigurationError: It is not trained, or needs what its file does not keep.
    """
    name = type(model).__name__
    if name not in ESTIMATORS:
        raise ConfigurationError(
            f"{name} is not one of XGBoost's own models",
            mend=f"give one of {', '.join(ESTIMATORS)}; of another, its get_booster()",
            where=_WHERE,
        )
    booster = _trained(model, name)
    if "c" in (booster.feature_types or ()):
        raise ConfigurationError(
            f"{name} takes categories as inputs, which requests cannot name",
            mend="encode them as numbers before XGBoost, for example in a scikit-learn pipeline",
            where=_WHERE,
        )
    missing = getattr(model, "missing", math.nan)
    if not (isinstance(missing, float) and math.isnan(missing)):
        raise ConfigurationError(
            f"missing = {missing} is not kept in XGBoost's file",
            mend="replace that value by NaN in the data, and leave `missing` away",
            where=_WHERE,
        )
    file = bytes(booster.save_raw("ubj"))
    if example is not None:
        _require_same_answers(file, model, example)
    return Content(
        format="xgboost",
        file=file,
        libraries={"xgboost": xgboost.__version__, **versions("numpy")},
        inputs=(
            Tensor(
                name="input",
                dtype="float32",
                shape=(None, int(booster.num_features())),
                missing=True,
                columns=None if booster.feature_names is None else tuple(booster.feature_names),
            ),
        ),
        methods=("predict", "predict_proba") if hasattr(model, "predict_proba") else ("predict",),
        estimator=name,
    )


def _trained(model: Foreign, name: str) -> Foreign:
    try:
        booster = model if name == "Booster" else model.get_booster()
        if booster.num_boosted_rounds() > 0:
            return booster
    except (NotFittedError, xgboost.core.XGBoostError):
        pass
    mend = "make it by xgboost.train(…)" if name == "Booster" else "call model.fit(X, y) first"
    raise ConfigurationError(f"{name} is not trained", mend=mend, where=_WHERE)


def _require_same_answers(file: bytes, model: Foreign, example: Foreign) -> None:
    saved = type(model)()
    saved.load_model(bytearray(file))
    try:
        rows = _matrix(example, saved) if isinstance(model, xgboost.Booster) else example
        own = model.predict(rows)
    except (TypeError, ValueError) as error:  # XGBoost's own error is a ValueError
        raise ConfigurationError(
            f"the model does not take the example: {str(error).strip().splitlines()[0]}",
            mend="give some rows of numbers as they are given to model.predict",
            where="example",
        ) from error
    require_equal([saved.predict(rows)], [own])


def _matrix(example: Foreign, booster: Foreign) -> Foreign:
    """A DMatrix, which an example may be already."""
    if isinstance(example, xgboost.DMatrix):
        return example
    return xgboost.DMatrix(np.asarray(example, dtype=np.float32), feature_names=booster.feature_names)
