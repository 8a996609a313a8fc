"""PyTorch's modules, exported to ONNX."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from modelyard.errors import ConfigurationError
from modelyard.serving.formats.content import Content, Foreign, versions
from modelyard.serving.formats.onnx_model import Graph, arrays_of

import torch

_WHERE = "model"


def content(model: Foreign, example: Foreign) -> Content:
    """A module as it answers in evaluation mode; the size of the batch stays free.

    Raises:
        ConfigurationError: There is no example, or the module cannot be exported.
    """
    name = type(model).__name__
    if example is None:
        raise ConfigurationError(
            f"what {name} takes is not known without an example",
            mend="give a batch of inputs: example=torch.zeros(2, 3, 224, 224), several inputs as a tuple",
            where="example",
        )
    module: Foreign = getattr(model, "_orig_mod", model)  # what torch.compile was given
    place = next((each.device for each in (*module.parameters(), *module.buffers())), torch.device("cpu"))
    given = example if isinstance(example, tuple) else (example,)
    batch = tuple(torch.as_tensor(each, device=place) for each in given)
    with _evaluated(module):
        _answer(module, batch, name)  # its own words on a wrong example are clearer than the exporter's
        graph = Graph(_exported(module, batch, name))

        def own(arrays: Sequence[Any]) -> list[Any]:
            return _answer(module, tuple(torch.as_tensor(each, device=place) for each in arrays), name)

        graph.require_answers(arrays_of(tuple(each.cpu().numpy() for each in batch)), own)
    return graph.content({"torch": torch.__version__, **versions("onnx", "onnxscript")})


@contextmanager
def _evaluated(module: Foreign) -> Iterator[None]:
    """Without dropout and without gradients; afterwards each part is in the mode that it was in."""
    training = [each for each in module.modules() if each.training]
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for each in training:
            each.training = True


def _answer(module: Foreign, batch: tuple[Any, ...], name: str) -> list[Any]:
    try:
        answer = module(*batch)
    except (RuntimeError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{name} does not take the example: {_line(error)}",
            mend="give a batch of inputs as they are given to the model, several as a tuple",
            where="example",
        ) from error
    outputs = list(answer.values()) if isinstance(answer, dict) else answer
    outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
    return [each.cpu().numpy() for each in outputs]


def _exported(module: Foreign, batch: tuple[Any, ...], name: str) -> Foreign:
    # A batch of one would be taken for a size that never changes.
    several = tuple(torch.cat([each, each]) if len(each) == 1 else each for each in batch)
    rows = torch.export.Dim("batch")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                module, several, dynamo=True, dynamic_shapes=tuple({0: rows} for _ in several), verbose=False
            )
    except ModuleNotFoundError:
        raise
    except Exception as error:  # the exporter's own errors, and any that a module's code makes under it
        raise ConfigurationError(
            f"{name} cannot be exported to ONNX: {_line(error)}",
            mend="see what PyTorch says on torch.onnx.export(model, example, dynamo=True)",
            where=_WHERE,
        ) from error
    return program.model_proto


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
