"""What each of the loaders gives."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .description import Tensor

#: An object of a library without types, or a part of a request that is not checked yet.
Foreign = Any
#: Name to values.
Arrays = Mapping[str, NDArray[Any]]


class Predictor(ABC):
    """A loaded model.

    Attributes:
        inputs: What it takes.
        outputs: What it gives, where that is known before it is asked.
        methods: What can be asked for, the default first.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...] = ()
    methods: tuple[str, ...] = ("predict",)

    @abstractmethod
    def predict(self, arrays: Arrays, method: str) -> dict[str, NDArray[Any]]:
        """The outputs by name; called from several threads at once.

        Raises:
            RequestError: The model does not take these values.
        """


def line(error: Exception) -> str:
    """The first line of an error's text."""
    return str(error).strip().partition("\n")[0]


def plain(values: Foreign) -> NDArray[Any]:
    """As an array that JSON can hold."""
    array = np.asarray(values)
    return array.astype(object) if array.dtype.kind in "US" else array
