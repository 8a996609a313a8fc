"""The page of irises in a real browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from services.iris.runtime.iris.model_file import pack
from services.iris.runtime.iris.parameters import Parameters
from services.iris.runtime.iris.training import train
from services.iris.tests.program import free_port, serving
from tests.e2e.conftest import Proof

expect.set_options(timeout=30_000)


@pytest.fixture
def page() -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium and no google-chrome: the page was not tried in a browser")
    with sync_playwright() as playwright:
        # Its own sandbox needs rights that a container has not; it opens nothing but this machine's page.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "iris-model.zip"
    path.write_bytes(pack(train(Parameters())))
    return path


def slide(page: Page, label: str, steps: int) -> Locator:
    """Moves a slider with the keyboard, to the right or, below 0, to the left."""
    slider = page.get_by_role("slider", name=label)
    slider.focus()
    for _ in range(abs(steps)):
        slider.press("ArrowRight" if steps > 0 else "ArrowLeft")
    return slider


def test_a_slider_changes_picture_and_probabilities(page: Page, model: Path, tmp_path: Path, proof: Proof) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    port = free_port()
    with serving(port, model):
        page.goto(f"http://127.0.0.1:{port}/")
        for label in ("Sepal length (cm)", "Sepal width (cm)", "Petal length (cm)", "Petal width (cm)"):
            expect(page.get_by_role("slider", name=label)).to_be_visible()
        expect(page.get_by_role("img", name="A drawing of an Iris versicolor")).to_be_visible()
        before = page.get_by_role("img").get_attribute("src")

        slide(page, "Petal length (cm)", 14)
        expect(page.get_by_role("heading", name="Iris virginica")).to_be_visible()
        expect(page.get_by_role("img", name="A drawing of an Iris virginica")).to_be_visible()
        expect(page.get_by_text("versicolor: 33.3%")).to_be_visible()
        expect(page.get_by_text("virginica: 66.7%")).to_be_visible()
        assert page.get_by_role("img").get_attribute("src") != before
        assert page.get_by_role("img").evaluate("image => image.naturalWidth") > 0
        page.screenshot(path=tmp_path / "iris.png", full_page=True)

    assert [url for url in asked if not url.startswith((f"http://127.0.0.1:{port}/", "data:", "blob:"))] == []
    proof(f"iris in a browser: petal length 4.2 to 5.6 cm, versicolor becomes virginica; {tmp_path / 'iris.png'}")


def test_a_visitor_keeps_the_sliders_when_the_pod_is_replaced(page: Page, model: Path, proof: Proof) -> None:
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
        expect(slider).to_have_value("4.2")
    proof("iris: a visitor whose pod is replaced goes on with the same sliders")
