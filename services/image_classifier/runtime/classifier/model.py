"""The network: an ONNX model on ONNX Runtime with the names of its classes."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

# PyPI's ONNX Runtime reports to Microsoft unless this is set before it is imported (its Privacy.md).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

_PICTURE_SHAPE = [3, 224, 224]


class ModelError(Exception):
    """The model file can't be used; the message names it and says why."""


class Prediction(NamedTuple):
    """A class and how sure the network is of it, from 0 to 1."""

    label: str
    confidence: float


class Model:
    """A loaded network that has answered once.

    Args:
        path: the ONNX file; input [n, 3, 224, 224], output [n, number of labels], both float32, for any n.
        labels: the names of the classes in the order of the outputs.
        threads: cores that one inference uses.

    Raises:
        ModelError: the file is missing, damaged, or does not fit the labels.
    """

    def __init__(self, path: Path, labels: Sequence[str], *, threads: int) -> None:
        self._labels = labels
        onnxruntime.set_default_logger_severity(3)  # errors; it warns of GPUs it does not find
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin while they wait eat the CPU quota of a container.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            shapes = [value.shape for value in (*self._session.get_inputs(), *self._session.get_outputs())]
        except Exception as error:  # noqa: BLE001  # ONNX Runtime's errors share no base class
            raise ModelError(f"{path}: not a usable model: {error}") from None
        expected = [["pictures", *_PICTURE_SHAPE], ["pictures", len(labels)]]
        if shapes != expected:
            raise ModelError(f"{path}: input and output are {shapes}, expected {expected}")
        self.predict(np.zeros([1, *_PICTURE_SHAPE], dtype=np.float32))

    def predict(self, images: npt.NDArray[np.float32], count: int = 5) -> list[list[Prediction]]:
        """Names the `count` most likely classes of each preprocessed image [n, 3, 224, 224], most likely first."""
        name = self._session.get_inputs()[0].name
        [probabilities] = self._session.run(None, {name: images})
        return [self._best(each, count) for each in probabilities]

    def _best(self, probabilities: npt.NDArray[np.float32], count: int) -> list[Prediction]:
        best = np.argsort(probabilities)[::-1][:count]
        return [Prediction(self._labels[index], round(float(probabilities[index]), 6)) for index in best]


def read_labels(path: Path) -> list[str]:
    """Reads one class a line, in the order of the model's outputs; lines that begin with # are comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
