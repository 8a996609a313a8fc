"""Models saved by other processes, with each of Keras's backends."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from stacks.paths import ROOT
from tests.frameworks.server_process import Server, running

KERAS = ("keras-dense", "keras-convolution", "keras-two-inputs", "keras-subclassed", "keras-recurrent")
OTHERS = (
    *("sklearn-classifier", "sklearn-float32", "sklearn-neighbours", "sklearn-forest", "sklearn-boosting"),
    *("sklearn-pipeline", "sklearn-text", "sklearn-frame", "sklearn-with-xgboost"),
    *("xgboost-classifier", "xgboost-regressor", "xgboost-booster"),
    *("torch-mlp", "torch-pictures", "torch-two-inputs", "onnx-integers"),
)
#: The backend of Keras and the names of the models that are saved with it.
SAVED_WITH = {"tensorflow": KERAS, "torch": (*KERAS, *OTHERS)}


class Saved(NamedTuple):
    """What a process has saved: a folder for each model, and the versions that it named."""

    folder: Path
    versions: dict[str, str]


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Saved]:
    @cache
    def by(backend: str, seed: int = 1) -> Saved:
        folder = tmp_path_factory.mktemp(f"{backend}-{seed}")
        done = subprocess.run(
            [sys.executable, "-m", "tests.frameworks.saving", str(folder), *SAVED_WITH[backend]],
            cwd=ROOT,
            env={**os.environ, "KERAS_BACKEND": backend, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return Saved(folder, json.loads(done.stdout.splitlines()[-1]))

    return by


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Server]]:
    """A server for a folder, started once."""
    with ExitStack() as servers:

        @cache
        def of(folder: Path) -> Server:
            return servers.enter_context(running(folder, tmp_path_factory.mktemp("server") / "log"))

        yield of
