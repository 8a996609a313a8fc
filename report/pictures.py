"""Pictures of the page for docs/report.md: `python -m report.pictures`, after `modelyard policies gke-dev`."""

import datetime
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from modelyard.errors import ConfigurationError

from playwright.sync_api import ViewportSize, sync_playwright

from report.checkout import report_of
from report.model import Report
from report.page import page
from stacks.environments import load_settings
from stacks.paths import ROOT

_ENVIRONMENT: Final = "gke-dev"
# The same pictures of the same stacks, whenever and from whatever commit they are made.
_NOW: Final = datetime.datetime(2026, 11, 23, 9, tzinfo=datetime.UTC)
_REVISION: Final = "1f0c9a74be"
_FOLDER: Final = ROOT / "docs" / "pictures"
_WIDE, _NARROW = ViewportSize(width=1280, height=1560), ViewportSize(width=360, height=1560)


def main() -> None:
    """Writes light, dark and narrow ones."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise ConfigurationError("neither chromium nor google-chrome is installed", mend="apt-get install chromium")
    report = _dated(report_of(load_settings(_ENVIRONMENT), _NOW))
    _FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        (file := Path(folder) / "report.html").write_text(page(report))
        # Its own sandbox needs rights that a container has not; it opens nothing but this file.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, size, is_dark in (("light", _WIDE, False), ("dark", _WIDE, True), ("narrow", _NARROW, False)):
            shown = browser.new_page(viewport=size, color_scheme="dark" if is_dark else "light")
            shown.goto(file.as_uri())
            shown.screenshot(path=_FOLDER / f"report-{name}.png")
        browser.close()


def _dated(report: Report) -> Report:
    policies = report.policies
    if policies.kept is None:
        raise ConfigurationError(
            f"the policies of {report.name} were {policies.why_not}",
            mend=f"modelyard rehearse {report.name}, then modelyard policies {report.name}",
        )
    return replace(report, revision=_REVISION, policies=replace(policies, kept=replace(policies.kept, at=_NOW)))


if __name__ == "__main__":
    try:
        main()
    except ConfigurationError as error:
        sys.exit(f"error: {error}")
