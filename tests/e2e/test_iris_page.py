"""The page of irises in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from services.iris.runtime.iris.model_file import pack
from services.iris.runtime.iris.parameters import Parameters
from services.iris.runtime.iris.training import train
from services.iris.tests.program import free_port, serving
from tests.e2e.conftest import Proof
from tests.e2e.iris_page import slide, tell_virginica


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "iris-model.zip"
    path.write_bytes(pack(train(Parameters())))
    return path


def test_a_slider_changes_picture_and_probabilities(page: Page, model: Path, screenshots: Path, proof: Proof) -> None:
    port, screenshot = free_port(), screenshots / "iris.png"
    with serving(port, model):
        tell_virginica(page, f"http://127.0.0.1:{port}/", screenshot)
    proof(f"iris in a browser: petal length 4.2 to 5.6 cm, versicolor becomes virginica; {screenshot}")


def test_a_visitor_keeps_the_sliders_when_the_app_is_replaced(page: Page, model: Path, proof: Proof) -> None:
    port = free_port()
    with serving(port, model):
        page.goto(f"http://127.0.0.1:{port}/")
        slider = slide(page, "Petal length (cm)", -28)
        expect(page.get_by_role("heading", name="Iris setosa")).to_be_visible()
    expect(slider).to_be_disabled()

    with serving(port, model):
        expect(slider).to_be_enabled()
        expect(slider).to_have_value("1.4")
        slide(page, "Petal length (cm)", 28)
        expect(page.get_by_role("heading", name="Iris versicolor")).to_be_visible()
    proof("iris: a visitor whose connection ends goes on with the same sliders")
