"""XGBoost's models: `model.ubj`."""

from typing import Any

import xgboost
from numpy.typing import NDArray

from .description import Description, Tensor
from .errors import ModelError
from .predictor import Arrays, Predictor, line, plain

_ESTIMATORS = ("Booster", "XGBClassifier", "XGBRFClassifier", "XGBRFRegressor", "XGBRanker", "XGBRegressor")


class XGBoostModel(Predictor):
    """A Booster or one of the scikit-learn-style models.

    Raises:
        ModelError: It is none of them, or broken, or of a newer release.
    """

    def __init__(self, description: Description) -> None:
        if description.estimator not in _ESTIMATORS:
            raise ModelError(f"estimator {description.estimator!r} is none of {', '.join(_ESTIMATORS)}")
        self._model = getattr(xgboost, description.estimator)()
        try:
            self._model.load_model(description.file)
            booster = self._model if description.estimator == "Booster" else self._model.get_booster()
            count = int(booster.num_features())
        except (xgboost.core.XGBoostError, TypeError, KeyError, UnicodeError) as error:
            raise ModelError(f"{description.file} is no model of XGBoost: {line(error)}") from error
        self._columns = booster.feature_names
        self.inputs = (Tensor(name="input", dtype="float32", shape=(None, count), missing=True),)
        if hasattr(self._model, "predict_proba"):
            self.methods = ("predict", "predict_proba")

    def predict(self, arrays: Arrays, method: str) -> dict[str, NDArray[Any]]:
        """See Predictor."""
        rows: Any = arrays["input"]
        if isinstance(self._model, xgboost.Booster):
            rows = xgboost.DMatrix(rows, feature_names=self._columns)
            answer = self._model.predict(rows)
        else:
            answer = getattr(self._model, method)(rows)
        return {"output": plain(answer)}
