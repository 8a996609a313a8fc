"""The page of irises in a real browser."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from services.iris.runtime.iris.model_file import pack
from services.iris.runtime.iris.parameters import Parameters
from services.iris.runtime.iris.training import train
from services.iris.tests.program import free_port, serving
from tests.e2e.conftest import Proof
from tests.e2e.local_cluster import Local, kubectl

expect.set_options(timeout=30_000)


@pytest.fixture
def page() -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium and no google-chrome: the page was not tried in a browser")
    with sync_playwright() as playwright:
        # Its own sandbox needs rights that a container has not; it opens nothing but this machine's page.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1280, "height": 960})
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


def tell_virginica(page: Page, url: str, screenshot: Path) -> None:
    """Opens the page and moves a slider until another species is shown."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
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
    page.screenshot(path=screenshot, animations="disabled")
    # The page needs nobody but its own server.
    assert [each for each in asked if not each.startswith((url, "data:", "blob:"))] == []


def test_a_slider_changes_picture_and_probabilities(page: Page, model: Path, tmp_path: Path, proof: Proof) -> None:
    port, screenshot = free_port(), tmp_path / "iris.png"
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


@pytest.fixture(scope="module")
def deployed(base_images: None, local_with: Callable[[str], Local]) -> Iterator[str]:
    """Where the page answers on a real cluster, behind its LoadBalancer."""
    local = local_with("iris")
    done = local.modelyard("up", "local")
    assert done.returncode == 0, done.stderr
    (url,) = re.findall(r"local-iris answers at (\S+)", done.stdout)
    yield url
    local.modelyard("down", "local")


def test_the_page_works_behind_a_load_balancer(
    page: Page, deployed: str, kubeconfig: str, tmp_path: Path, proof: Proof
) -> None:
    screenshot = tmp_path / "iris.png"
    tell_virginica(page, deployed, screenshot)

    before = kubectl(kubeconfig, "get", "pods", "-n", "iris", "-o", "name")
    kubectl(kubeconfig, "rollout", "restart", "-n", "iris", "deployment/iris")
    kubectl(kubeconfig, "rollout", "status", "-n", "iris", "deployment/iris", "--timeout=50s")
    kubectl(kubeconfig, "wait", "-n", "iris", "--for=delete", "--timeout=50s", before.strip())

    expect(page.get_by_role("slider", name="Petal length (cm)")).to_be_enabled()
    slide(page, "Petal length (cm)", -42)
    expect(page.get_by_role("heading", name="Iris setosa")).to_be_visible()
    proof(f"iris on a real cluster: the same in a browser, and on the same page after a rollout; {screenshot}")
