"""What a visitor does on the page of irises, in a real browser."""

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

expect.set_options(timeout=30_000)


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
