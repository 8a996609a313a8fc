"""`python -m model_server --model_name=NAME --model_dir=FOLDER --http_port=8080`."""

import argparse
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import cast

from .description import Description
from .errors import ModelError
from .predictor import Predictor

# Only the libraries of the model's own format are imported: they are most of the memory.
_LOADERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "onnx": ("onnx_model", "OnnxModel"),
        "sklearn": ("scikit_learn_model", "ScikitLearnModel"),
        "xgboost": ("xgboost_model", "XGBoostModel"),
    }
)


def main() -> None:
    """Ends with one line on stderr where there is no model to serve."""
    parser = argparse.ArgumentParser(prog="model_server", description=__doc__)
    parser.add_argument("--model_name", required=True)
    parser.add_argument("--model_dir", required=True, type=Path)
    parser.add_argument("--http_port", default=8080, type=int)
    arguments = parser.parse_args()
    try:
        description = Description.read(arguments.model_dir)
        predictor = load(description)
    except ModelError as error:
        sys.exit(f"model_server: {error}")
    from .server import serve  # noqa: PLC0415 - seconds of imports, which a model that cannot be loaded need not wait for

    serve(arguments.model_name, description, predictor, arguments.http_port)


def load(description: Description) -> Predictor:
    """The model, loaded.

    Raises:
        ModelError: It cannot be.
    """
    module, name = _LOADERS[description.format]
    return cast(Predictor, getattr(import_module(f".{module}", __package__), name)(description))


if __name__ == "__main__":
    main()
