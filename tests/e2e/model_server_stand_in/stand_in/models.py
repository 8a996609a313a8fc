"""Models as TensorFlow Serving has them: a SavedModel's graph in a session, by name and by version or label."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy.typing as npt
import tensorflow as tf  # type: ignore[import-untyped]
from tensorflow.core.protobuf import config_pb2, error_codes_pb2  # type: ignore[import-untyped]

from .errors import ServingError, invalid

Arrays = Mapping[str, npt.NDArray[Any]]
DEFAULT_SIGNATURE = "serving_default"


@dataclass(frozen=True, eq=False)
class Servable:
    """A version of a model that is loaded."""

    name: str
    version: int
    signatures: Mapping[str, Any]
    session: Any

    @classmethod
    def load(cls, name: str, version: int, folder: Path) -> "Servable":
        session = tf.compat.v1.Session(
            graph=tf.Graph(),
            config=config_pb2.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1),
        )
        with session.graph.as_default():
            meta_graph = tf.compat.v1.saved_model.load(session, ["serve"], str(folder))
        return cls(name, version, meta_graph.signature_def, session)

    def predict(self, signature_name: str, inputs: Arrays) -> Arrays:
        """The signature's outputs.

        Raises:
            ServingError: There is no such signature, or the graph refuses the inputs.
        """
        signature = self.signatures.get(signature_name)
        if signature is None:
            raise ServingError("FAILED_PRECONDITION", f'Serving signature key "{signature_name}" not found.')
        wanted, given = set(signature.inputs), set(inputs)
        if wanted != given:
            raise invalid(
                f"input size does not match signature: {len(given)}!={len(wanted)} len({_set(given)}) != "
                f"len({_set(wanted)}). Sent extra: {_set(given - wanted)}. "
                f"Missing but required: {_set(wanted - given)}."
            )
        feeds = tuple(signature.inputs[each].name for each in inputs)
        fetches = tuple(each.name for each in signature.outputs.values())
        try:
            return dict(zip(signature.outputs, self._runner(feeds, fetches)(*inputs.values()), strict=True))
        except tf.errors.OpError as error:
            raise _as_serving_error(error) from None

    @cache  # noqa: B019 - a servable is there as long as the process
    def _runner(self, feeds: tuple[str, ...], fetches: tuple[str, ...]) -> Any:  # noqa: ANN401 - a callable
        # session.run would check shapes before the graph does, which no C++ does.
        return self.session._make_callable_from_options(config_pb2.CallableOptions(feed=feeds, fetch=fetches))


class Models:
    """All that are configured, found by the name and the version or label in a request."""

    def __init__(self, configs: Sequence[Any], *, allow_labels: bool) -> None:
        self._configs = configs
        self._labels = {each.name: dict(each.version_labels) for each in configs}
        for name, labels in self._labels.items():
            if labels and not allow_labels:
                raise ServingError(
                    "FAILED_PRECONDITION",
                    f"Request to assign label to version {next(iter(labels.values()))} of model {name}, which is not "
                    "currently available for inference",
                )
        self.loaded: dict[str, Servable] = {}

    def load(self, *, retries: int, retry_seconds: float, poll_seconds: int) -> None:
        """Returns when all are loaded. For a model without any version it waits.

        Raises:
            ServingError: Some do not load.
        """
        failures = []
        for config in self._configs:
            while (version := _latest_version(config)) is None:
                if poll_seconds == 0:
                    threading.Event().wait()
                time.sleep(poll_seconds)
            loaded = _try_to_load(config, version)
            for _ in range(retries):
                if isinstance(loaded, Servable):
                    break
                time.sleep(retry_seconds)
                loaded = _try_to_load(config, version)
            if isinstance(loaded, Servable):
                self.loaded[config.name] = loaded
            else:
                failures.append(f"{{{{name: {config.name} version: {version}}} due to error: {loaded}}}, ")
        if failures:
            said = f"{len(failures)} servable(s) did not become available: {{{''.join(failures)}}}"
            raise ServingError("UNKNOWN", said)

    def find(self, name: str, version: int | None, label: str | None) -> Servable:
        """Of a request.

        Raises:
            ServingError: There is none.
        """
        if label is not None:
            if label not in self._labels.get(name, {}):
                raise invalid(f"Unrecognized servable version label: {label}")
            version = self._labels[name][label]
        found = self.loaded.get(name)
        if found is None or version not in {None, found.version}:
            request = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise ServingError("NOT_FOUND", f"Servable not found for request: {request}")
        return found


def _try_to_load(config: Any, version: int) -> Servable | ServingError:  # noqa: ANN401 - a ModelConfig
    try:
        return Servable.load(config.name, version, Path(config.base_path) / str(version))
    except (tf.errors.OpError, OSError, RuntimeError) as error:
        found = _as_serving_error(error)
    logging.error("Loading servable: {name: %s version: %d} failed: %s", config.name, version, found)
    return found


def _latest_version(config: Any) -> int | None:  # noqa: ANN401 - a ModelConfig
    base = Path(config.base_path)
    if not base.exists():
        logging.error(
            "FileSystemStoragePathSource encountered a filesystem access error: Could not find base path %s for "
            "servable %s",
            base,
            config.name,
        )
        return None
    versions = [int(each.name) for each in base.iterdir() if each.name.isdecimal()]
    if not versions:
        logging.warning("No versions of servable %s found under base path %s.", config.name, base)
    return max(versions, default=None)


def _set(names: set[str]) -> str:
    return f"{{{','.join(sorted(names))}}}"


def _as_serving_error(error: Exception) -> ServingError:
    if not isinstance(error, tf.errors.OpError):
        return ServingError("UNKNOWN", str(error))
    return ServingError(error_codes_pb2.Code.Name(error.error_code), error.message)
