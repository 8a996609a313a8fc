"""Which framework an object is of, told by the names of its classes: nothing is imported for it."""

from pathlib import Path
from typing import Literal

from modelyard.errors import ConfigurationError

Framework = Literal["keras", "onnx", "pytorch", "scikit-learn", "xgboost"]

# In this order: a Keras model may be a PyTorch module too, and XGBoost's models are scikit-learn's estimators.
_BASES: tuple[tuple[str, str, Framework], ...] = (
    ("keras", "Model", "keras"),
    ("torch", "Module", "pytorch"),
    ("xgboost", "Booster", "xgboost"),
    ("xgboost", "XGBModel", "xgboost"),
    ("sklearn", "BaseEstimator", "scikit-learn"),
    ("onnx", "ModelProto", "onnx"),
)
_SERVED = "a fitted model of scikit-learn, XGBoost, Keras or PyTorch, or an ONNX ModelProto"


def framework_of(model: object) -> Framework:
    """The framework whose model this is.

    Raises:
        ConfigurationError: It is no model of any of them.
    """
    if isinstance(model, type):
        raise ConfigurationError(
            f"{model.__name__} is a class, not a model of it",
            mend=f"make one and fit it: model = {model.__name__}(…)",
            where="model",
        )
    names = {(base.__module__.partition(".")[0], base.__name__) for base in type(model).__mro__}
    # With PyTorch as backend, a single layer of Keras is a module too.
    for package, base, framework in _BASES:
        if (package, base) in names and not (framework == "pytorch" and ("keras", "Layer") in names):
            return framework
    raise ConfigurationError(f"{_described(model)} is not a model that can be served", mend=_mend(model), where="model")


def _described(model: object) -> str:
    if model is None or isinstance(model, str | Path | int | float):
        return repr(str(model)) if isinstance(model, str | Path) else repr(model)
    kind = type(model)
    return f"a {kind.__name__} of {kind.__module__.partition('.')[0]}"


def _mend(model: object) -> str:
    if isinstance(model, str | Path):
        how = "onnx.load(path)" if str(model).endswith(".onnx") else "its framework"
        return f"load the model with {how}, and give what that returns"
    packages = {base.__module__.partition(".")[0] for base in type(model).__mro__}
    if packages & {"tf_keras", "tensorflow"}:
        return "give a keras.Model of Keras 3"
    return f"give {_SERVED}"
