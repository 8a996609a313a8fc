"""Keras's models of any backend, exported to ONNX."""

import logging
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from modelyard.errors import ConfigurationError
from modelyard.serving.formats.content import Content, Foreign, versions
from modelyard.serving.formats.onnx_model import Graph, arrays_of, rename

import keras
import numpy as np
import onnx

_WHERE = "model"
# What each backend exports with.
_EXPORTERS = {"tensorflow": ("tensorflow", "tf2onnx"), "jax": ("jax", "tf2onnx"), "torch": ("torch",)}


def content(model: Foreign, example: Foreign) -> Content:
    """A built model as it answers outside of training; the size of the batch stays free.

    Raises:
        ConfigurationError: It is not built, or cannot be exported.
    """
    name = f"the Keras model {model.name}"
    if not model.built:
        raise ConfigurationError(
            f"{name} is not built: it has no weights yet",
            mend="begin it with keras.Input(shape), or fit it",
            where=_WHERE,
        )
    arrays = arrays_of(example) if example is not None else _made_up(model, name)
    own = _answers(model, arrays, name)  # Keras exports only what has been called
    proto = _exported(model, name)
    inputs = [each.name for each in model.inputs] if len(arrays) > 1 else ["input"]
    outputs = list(model.output_names) if len(own) > 1 else ["output"]
    rename(proto, inputs, outputs)
    graph = Graph(proto)
    graph.require_answers(arrays, lambda batch: _answers(model, batch, name))
    return graph.content({"keras": keras.__version__, **_installed(_EXPORTERS[keras.backend.backend()])})


def _made_up(model: Foreign, name: str) -> list[Any]:
    """Two rows of numbers for a model that says what it takes."""
    inputs = getattr(model, "inputs", None)
    if not inputs or any(size is None for each in inputs for size in each.shape[1:]):
        raise ConfigurationError(
            f"what {name} takes is not known without an example",
            mend="give a batch of inputs: example=x_train[:2], several inputs as a tuple",
            where="example",
        )
    random = np.random.default_rng(0)
    return [(random.random((2, *each.shape[1:])) * ("float" in each.dtype)).astype(each.dtype) for each in inputs]


def _answers(model: Foreign, arrays: Sequence[Any], name: str) -> list[Any]:
    inputs = getattr(model, "input", None)
    given = arrays[0] if len(arrays) == 1 else list(arrays)
    if isinstance(inputs, dict):
        given = keras.tree.pack_sequence_as(inputs, list(arrays))
    try:
        answer = model(given, training=False)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigurationError(
            f"{name} does not take the example: {_line(error)}",
            mend="give a batch of inputs as they are given to model.predict, several as a tuple",
            where="example",
        ) from error
    return [keras.ops.convert_to_numpy(each) for each in keras.tree.flatten(answer)]


def _exported(model: Foreign, name: str) -> Foreign:
    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = Path(folder) / "model.onnx"
            model.export(file, format="onnx", verbose=False)
            return onnx.load(file)
    except ModuleNotFoundError:
        raise
    except Exception as error:  # exporters have errors of many kinds, and pass on those of a model's own layers
        raise ConfigurationError(
            f"{name} cannot be exported to ONNX: {_line(error)}",
            mend="see what Keras says on model.export(path, format='onnx')",
            where=_WHERE,
        ) from error
    finally:
        logger.setLevel(level)


def _installed(names: Sequence[str]) -> dict[str, str]:
    """TensorFlow has several distributions of one module."""
    tensorflow = {"tensorflow": __import__("tensorflow").__version__} if "tensorflow" in names else {}
    return {**versions("onnx", *(each for each in names if each != "tensorflow")), **tensorflow}


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
