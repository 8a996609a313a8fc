"""Fixtures for the tests of the irises."""

import os
from pathlib import Path

import pytest

from services.iris.runtime.iris.model import Model
from services.iris.runtime.iris.model_file import pack
from services.iris.runtime.iris.parameters import Parameters
from services.iris.runtime.iris.training import train

os.environ["STREAMLIT_BROWSER_GATHER_USAGE_STATS"] = "false"


@pytest.fixture(scope="session")
def model() -> Model:
    return train(Parameters())


@pytest.fixture(scope="session")
def packed() -> bytes:
    return pack(train(Parameters()))


@pytest.fixture
def model_path(packed: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "iris-model.zip"
    path.write_bytes(packed)
    return path
