import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from services.iris.runtime.iris.model_file import sha256
from services.iris.tests.program import RUNTIME

Page = Callable[[Path], AppTest]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    """Opens the page with a model."""

    def opened(model: Path) -> AppTest:
        # As Streamlit's server does: the script's folder is on the path.
        monkeypatch.syspath_prepend(RUNTIME)
        monkeypatch.setenv("MODEL", str(model))
        return AppTest.from_file(str(RUNTIME / "page_script.py"), default_timeout=30).run()

    return opened


def answer(page: AppTest) -> tuple[str, str, list[str]]:
    """The species, the picture's text, the probabilities."""
    assert not page.exception
    (picture,) = page.get("image")
    bars = [bar.proto.text for bar in page.get("progress")]
    return page.header[0].value, picture.proto.imgs[0].alt, bars


def test_the_page_opens_with_four_sliders_and_an_answer(page: Page, model_path: Path) -> None:
    opened = page(model_path)

    sliders = [(each.label, each.min, each.max, each.step, each.value) for each in opened.slider]
    assert sliders == [
        ("Sepal length (cm)", 0.0, 8.0, 0.1, 5.2),
        ("Sepal width (cm)", 0.0, 8.0, 0.1, 3.2),
        ("Petal length (cm)", 0.0, 8.0, 0.1, 4.2),
        ("Petal width (cm)", 0.0, 8.0, 0.1, 1.2),
    ]
    assert answer(opened) == (
        "Iris versicolor",
        "A drawing of an Iris versicolor",
        ["setosa: 0.0%", "versicolor: 100.0%", "virginica: 0.0%"],
    )


def test_a_slider_changes_the_species_its_picture_and_the_probabilities(page: Page, model_path: Path) -> None:
    opened = page(model_path)

    opened.slider(key="petal length").set_value(1.4).run()
    assert answer(opened)[:2] == ("Iris setosa", "A drawing of an Iris setosa")

    opened.slider(key="petal length").set_value(5.6).run()
    assert answer(opened)[2] == ["setosa: 0.0%", "versicolor: 33.3%", "virginica: 66.7%"]


def test_the_page_says_which_model_it_asks(page: Page, model_path: Path, packed: bytes) -> None:
    (caption,) = page(model_path).caption

    assert str(model_path) in caption.value
    assert "right for 95.6% of the flowers it was not shown" in caption.value
    assert f"sha256 {sha256(packed)}" in caption.value


@pytest.mark.parametrize("content", [None, b"something else"], ids=["missing", "wrong"])
def test_without_a_model_the_page_says_why(page: Page, tmp_path: Path, content: bytes | None) -> None:
    model = tmp_path / "none.zip"
    if content is not None:
        model.write_bytes(content)

    opened = page(model)

    assert not opened.exception
    assert len(opened.slider) == 0
    assert str(model) in opened.error[0].value
    assert "No model can be asked" in opened.error[0].value


def test_answers_are_counted_for_prometheus(page: Page, model_path: Path, tmp_path: Path) -> None:
    page(tmp_path / "none.zip")
    page(model_path).slider(key="petal length").set_value(1.4).run()

    # The package as the page's script imports it.
    registry = sys.modules["iris.metrics"].REGISTRY
    counted = {
        outcome: registry.get_sample_value("iris_answers_total", {"outcome": outcome}) for outcome in ("ok", "no-model")
    }
    assert counted["ok"] >= 2
    assert counted["no-model"] >= 1
    assert counted["ok"] == registry.get_sample_value("iris_answer_duration_seconds_count")
