"""scikit-learn's estimators: `model.skops`."""

from typing import Any

import pandas as pd
import sklearn
import skops.io
from numpy.typing import NDArray
from skops.io.exceptions import UntrustedTypesFoundException

from .description import Description
from .errors import ModelError, RequestError
from .predictor import Arrays, Predictor, line, plain
from .trusted_types import TRUSTED_TYPES


class ScikitLearnModel(Predictor):
    """An estimator of this program's own scikit-learn: another release may answer otherwise.

    Raises:
        ModelError: It is of another release, holds what is not trusted, or is broken.
    """

    def __init__(self, description: Description) -> None:
        made_with = description.libraries.get("scikit-learn", "an unknown release")
        if _release(made_with) != _release(sklearn.__version__):
            raise ModelError(
                f"the model is of scikit-learn {made_with}, this server has {sklearn.__version__}: "
                f"fit it again with scikit-learn {'.'.join(_release(sklearn.__version__))}"
            )
        try:
            self._estimator = skops.io.load(description.file, trusted=list(TRUSTED_TYPES))
        except UntrustedTypesFoundException as error:
            raise ModelError(f"{description.file} holds types that are not trusted: {line(error)}") from error
        except Exception as error:  # a broken file can fail anywhere in zipfile, json, skops and numpy
            raise ModelError(f"{description.file} is no skops archive of a model: {error!r}") from error
        if not hasattr(self._estimator, "predict"):
            raise ModelError(f"{description.file} holds a {type(self._estimator).__name__}, which has no predict")
        self.inputs = description.inputs
        if hasattr(self._estimator, "predict_proba"):
            self.methods = ("predict", "predict_proba")

    def predict(self, arrays: Arrays, method: str) -> dict[str, NDArray[Any]]:
        """See Predictor."""
        [tensor] = self.inputs
        rows: Any = arrays[tensor.name]
        if tensor.columns is not None:
            # A column of numbers is one again, though rows that hold text too were an array of objects.
            rows = pd.DataFrame(rows, columns=list(tensor.columns)).infer_objects()
        try:
            return {"output": plain(getattr(self._estimator, method)(rows))}
        except (
            TypeError,
            ValueError,
            LookupError,
            AttributeError,
            ArithmeticError,
        ) as error:
            raise RequestError(f"the model does not take these values: {line(error)}") from error


def _release(version: str) -> list[str]:
    """Without the patch, which changes no estimator."""
    return version.split(".")[:2]
