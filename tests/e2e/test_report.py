"""The page in a real browser: by keyboard, in light and dark, narrow, without scripts, on paper, and very large."""

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import Page, Request, expect

from report.checkout import report_of
from report.gather import Known, gather
from report.layout import NODE
from report.model import Report
from report.page import page as written
from report.policing import last_verdict
from tests.e2e.conftest import Proof
from tests.e2e.test_preview import Clone
from tests.reports import NOW, large_estate, loud_report, settings_of

MOST_SERVICES = 200
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
# The part of WCAG 2.2's contrast (1.4.3, 1.4.11) that a browser can tell: what stands on which colour. Terms of the
# formula: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
CONTRASTS = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = numbers(colour).map((each) => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const shape = element.closest("a.node")?.querySelector("rect");
    if (shape) return getComputedStyle(shape).fill;
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    throw new Error("no ground");
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || element.closest("script, title")) continue;
    const style = getComputedStyle(element);
    const colour = element instanceof SVGElement ? style.fill : style.color;
    const [one, other] = [luminance(colour), luminance(ground(element))].sort((a, b) => b - a);
    const text = walker.currentNode.textContent.trim().slice(0, 40);
    found.push({ text, colour, ratio: (one + 0.05) / (other + 0.05) });
  }
  return found;
}"""


class Open:
    """Opens a page, and hears what the browser says and asks for."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self._folder = page, folder
        self.said: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def __call__(self, text: str) -> str:
        """Shows a report; gives its address."""
        (file := self._folder / "report.html").write_text(text)
        self.page.goto(file.as_uri())
        return file.as_uri()


@pytest.fixture
def show(page: Page, tmp_path: Path) -> Iterator[Open]:
    shown = Open(page, tmp_path)
    yield shown
    assert shown.said == []
    assert {url.partition("#")[0] for url in shown.requests} - {"data:,"} == {(tmp_path / "report.html").as_uri()}


@pytest.fixture(scope="module")
def calm() -> Report:
    return report_of(settings_of(), NOW)


@pytest.fixture(scope="module")
def loud() -> Report:
    return loud_report()


@pytest.fixture(params=["calm", "loud"])
def report(request: pytest.FixtureRequest) -> Report:
    found: Report = request.getfixturevalue(request.param)
    return found


def focused(page: Page) -> str:
    """What has the focus: the words of a link, or an element's name for those who cannot see it."""
    return str(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.innerText ?? ''"))


def tab_to(page: Page, wanted: Callable[[str], bool], *, most: int = 60) -> int:
    """Goes on by Tab; gives how often. What has the focus is seen at each step."""
    for count in range(1, most + 1):
        page.keyboard.press("Tab")
        assert page.evaluate(
            """() => {
              const style = getComputedStyle(document.activeElement);
              const shape = document.activeElement.querySelector(":scope > rect");
              return parseFloat(style.outlineWidth) >= 2 && style.outlineStyle !== "none"
                || shape !== null && parseFloat(getComputedStyle(shape).strokeWidth) >= 4;
            }"""
        ), focused(page)
        if wanted(focused(page)):
            return count
    raise AssertionError(f"not reached by {most} times Tab")


def test_everything_is_reached_by_keyboard(show: Open, calm: Report, proof: Proof) -> None:
    page = show.page
    show(written(calm))

    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    steps = tab_to(page, lambda name: name.startswith("iris 203.0.113.0/24, service"))
    near = page.locator(".node.near").evaluate_all("nodes => nodes.map(node => node.dataset.id)")
    assert set(near) == {
        *(f"gke-dev-{name}" for name in ("state", "registry", "artifacts", "cluster", "monitoring", "polyaxon", "iris"))
    }
    page.keyboard.press("Enter")
    expect(page.locator("#stack-gke-dev-iris")).to_be_in_viewport()
    expect(page.locator("#stack-gke-dev-iris")).to_have_class("stack service chosen")

    page.keyboard.press("Escape")

    expect(page.locator(".chosen")).to_have_count(0)
    assert "#" not in page.url
    assert focused(page) == "iris 203.0.113.0/24, service"
    assert page.locator(".looking").count() == 0
    proof(f"the report by keyboard: skip link, then iris in the graph after {steps} times Tab, Enter, Escape")


def test_all_text_has_contrast(show: Open, report: Report, proof: Proof) -> None:
    show(written(report))
    for scheme in SCHEMES:
        show.page.emulate_media(color_scheme=scheme)

        found = show.page.evaluate(CONTRASTS)

        assert len(found) > 200
        assert [each for each in found if each["ratio"] < 4.5] == []
        least = min(each["ratio"] for each in found)
        proof(f"the report in {scheme}: {len(found)} texts, the least contrast is {least:.2f}")


def test_light_and_dark_are_two(show: Open, calm: Report) -> None:
    grounds = []
    for scheme in SCHEMES:
        show.page.emulate_media(color_scheme=scheme)
        show(written(calm))
        grounds.append(show.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert grounds == ["rgb(250, 249, 246)", "rgb(20, 23, 26)"]


def test_axe_finds_nothing(show: Open, report: Report, axe: Path, proof: Proof) -> None:
    page = show.page
    page.emulate_media(reduced_motion="reduce")
    show(written(report))
    # The page's own policy lets no script in but its own; what playwright evaluates is not the page's.
    page.evaluate(axe.read_text())
    for width, scheme in itertools.product((360, 1280), SCHEMES):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)

        result = page.evaluate("axe.run()")

        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in result["violations"]] == []
        assert len(result["passes"]) > 20
        proof(f"axe-core on the report, {width} px, {scheme}: {len(result['passes'])} rules, no violation")


def test_the_page_never_scrolls_sideways(show: Open, report: Report) -> None:
    show(written(report))
    for width in (320, 360, 768, 1280):
        show.page.set_viewport_size({"width": width, "height": 800})

        assert show.page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_everything_is_there(page: Page, loud: Report, tmp_path: Path) -> None:
    (file := tmp_path / "report.html").write_text(written(loud))
    assert page.context.browser
    with page.context.browser.new_context(java_script_enabled=False) as context:
        without = context.new_page()
        without.goto(file.as_uri())

        for name in ("What changes", "The estate", "Ways in, and for whom", "Cost a month", "What ends when"):
            expect(without.get_by_role("heading", name=name)).to_be_visible()
        without.get_by_role("link", name="iris open to the world, service").click()
        expect(without.locator("#stack-gke-dev-iris")).to_be_in_viewport()
        without.get_by_text("lines of its diff").click()
        expect(without.get_by_text("kubernetes_service_v1.it")).to_be_visible()


def test_who_wants_no_motion_gets_none(show: Open, calm: Report) -> None:
    moving = """[...document.querySelectorAll("*")].filter((each) => {
      const style = getComputedStyle(each);
      return style.scrollBehavior === "smooth" || parseFloat(style.transitionDuration) > 0;
    }).length"""
    show.page.emulate_media(reduced_motion="no-preference")
    show(written(calm))
    with_motion = show.page.evaluate(moving)

    show.page.emulate_media(reduced_motion="reduce")

    assert (with_motion > 0, show.page.evaluate(moving)) == (True, 0)


def test_on_paper_nothing_is_cut(show: Open, loud: Report, tmp_path: Path) -> None:
    show.page.emulate_media(media="print")
    # A4 with 96 px an inch, without its margins.
    show.page.set_viewport_size({"width": 718, "height": 1000})
    show(written(loud))

    cut = "[...document.querySelectorAll('.scroll')].filter((each) => each.scrollWidth > each.clientWidth + 1).length"

    expect(show.page.get_by_role("navigation")).to_be_hidden()
    expect(show.page.get_by_text("kubernetes_service_v1.it", exact=False).first).to_be_visible()
    assert show.page.evaluate(cut) == 0
    show.page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").stat().st_size > 10_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Known:
    settings, estate = large_estate(tmp_path_factory.mktemp("large") / "estate", MOST_SERVICES)
    policies = last_verdict(settings, estate, None)
    return Known(settings=settings, estate=estate, made_at=NOW, revision="1a2b3c4", policies=policies)


def test_two_hundred_services_more_are_still_a_page(show: Open, large: Known, proof: Proof) -> None:
    estate = large.estate
    begun = time.monotonic()
    text = written(gather(large))
    seconds = time.monotonic() - begun

    begun = time.monotonic()
    show(text)
    loaded = time.monotonic() - begun

    # Each is there to be read: in its whole size, and none on another.
    boxes = show.page.locator(".node > rect").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().toJSON())"
    )
    assert len(boxes) == len(estate)
    assert min(box["width"] for box in boxes) >= NODE[0] * 0.99
    places = {(round(box["x"]), round(box["y"])) for box in boxes}
    assert len(places) == len(boxes)
    expect(show.page.get_by_text("services that need the same")).to_have_count(2)
    assert show.page.evaluate("document.documentElement.scrollWidth") <= 1280
    proof(
        f"a report of {len(estate)} stacks: {seconds:.1f} s, {len(text.encode()) / 1e6:.2f} MB, "
        f"in the browser after {loaded:.1f} s"
    )


def test_of_many_stacks_one_is_found_by_its_words(
    show: Open, large: Known, calm: Report, axe: Path, proof: Proof
) -> None:
    page, name = show.page, "service-117-with-quite-a-long-name"
    page.emulate_media(reduced_motion="reduce")
    show(written(calm))
    expect(page.get_by_label("Find a stack")).to_have_count(0)
    address = show(written(gather(large)))
    all_rows = page.locator("main tbody tr:visible").count()
    page.evaluate(axe.read_text())
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("axe.run('nav')")["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.get_by_label("Find a stack").fill("117 QUITE")

    expect(page.locator(".stack:visible")).to_have_count(1)
    expect(page.get_by_role("status")).to_have_text(f"1 of {len(large.estate)}")
    expect(page.locator(".node.near")).to_have_count(1)
    rows = page.locator("main tbody tr:visible")
    assert 0 < rows.count() < 10
    assert {name in row for row in rows.all_inner_texts()} == {True}

    # What a link leads to is shown, found or not.
    page.goto(f"{address}#stack-gke-dev-iris")
    expect(page.locator("#stack-gke-dev-iris")).to_be_in_viewport()
    expect(page.get_by_label("Find a stack")).to_have_value("")
    assert rows.count() == all_rows
    page.get_by_label("Find a stack").fill("no such thing")
    expect(page.get_by_role("status")).to_have_text(f"0 of {len(large.estate)}")
    page.keyboard.press("Escape")
    assert rows.count() == all_rows
    proof(f"of {len(large.estate)} stacks and {all_rows} rows one stack is found by two of its words")


def test_a_preview_writes_the_same_page_with_what_changes(show: Open, tmp_path: Path) -> None:
    clone = Clone(tmp_path / "clone")
    clone.replace("environments/gke-dev.toml", 'source_ranges = ["203.0.113.0/24"]', 'source_ranges = "world"')

    done = clone.preview("--base", "HEAD", "--env", "gke-dev", "--pages", str(tmp_path / "pages"))
    show((tmp_path / "pages" / "gke-dev.html").read_text())

    # The policies deny it.
    assert done.returncode == 1
    page = show.page
    expect(page.get_by_role("heading", name="What changes")).to_be_visible()
    expect(page.locator(".tile.alert", has_text="Open to the world")).to_contain_text("6 of 7 ways in")
    expect(page.locator(".tile.alert", has_text="Policies")).to_contain_text("5 failed")
    # The forecaster's own stack stays as it is, and is open to the world all the same, by the gateway.
    expect(page.get_by_role("link", name="rnn-forecaster open to the world, service", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="iris open to the world, service, changes", exact=True)).to_be_visible()
    expect(page.locator(".change", has_text="iris")).to_contain_text("public exposure")
