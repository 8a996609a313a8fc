"""Fitted models as folders that the add-on `kserve` serves: `save(model, folder)`.

Not pickle, which runs what a file says. No framework is imported but the model's own.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import cast

from modelyard.errors import ConfigurationError
from modelyard.serving.formats.content import Content
from modelyard.serving.formats.framework import Framework, framework_of
from modelyard.serving.formats.saved_model import SavedModel, written
from modelyard.serving.model_format import ModelFormat

__all__ = ["Framework", "ModelFormat", "SavedModel", "save"]

# Each has `content(model, example)`, and imports its framework.
_MODULE_OF: Mapping[Framework, str] = MappingProxyType(
    {
        "keras": "keras_model",
        "onnx": "onnx_model",
        "pytorch": "pytorch_model",
        "scikit-learn": "scikit_learn_model",
        "xgboost": "xgboost_model",
    }
)


def save(model: object, folder: Path, *, example: object = None) -> SavedModel:
    """Writes a fitted model as files that can be served, once they are known to answer as the model does.

    Args:
        model: A fitted scikit-learn estimator with `predict` (a pipeline too), an XGBoost Booster or scikit-learn-style
            model, a built Keras 3 model of any backend, a PyTorch module, or an ONNX ModelProto.
        folder: Absent or empty.
        example: A batch of inputs, as the model takes them; several inputs are a tuple in the model's order. What was
            saved is read back, and its answers to the example are compared with the model's own. PyTorch cannot be
            saved without one; Keras only where all sizes but the batch's are known.

    Returns:
        The folder, and what is known of it. The same model gives the same files in every process.

    Raises:
        ConfigurationError: This is not a model that can be served, or `example` does not fit it.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(
            f"{folder} is no empty folder", mend="name a folder that does not exist yet", where="save(folder=…)"
        )
    framework = framework_of(model)
    try:
        module = import_module(f"{__name__}.{_MODULE_OF[framework]}")
        content = cast(Content, module.content(model, example))
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"a model of {framework} is saved with the package {error.name}, which is not installed",
            mend=f"pip install {error.name}",
            where="model",
        ) from error
    return written(folder, framework, content)
