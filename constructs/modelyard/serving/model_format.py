"""The forms in which models are saved; needs no library."""

from typing import Literal

#: What a saved model is, and which of the runtime's loaders takes it.
ModelFormat = Literal["sklearn", "xgboost", "onnx"]
