"""The report as one HTML page that loads nothing."""

import base64
import hashlib
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from costs.report import signed
from leases.times import shown
from report import views
from report.glance import glance
from report.layout import NODE, layout
from report.model import Kind, Reach, Report
from report.words import count, month

_FOLDER = Path(__file__).parent
# So many stacks are seen at once; of more, one wants to find the one.
_SEEN_AT_ONCE = 20
_COMMIT = re.compile(r"\b[0-9a-f]{40}\b")


def page(report: Report) -> str:
    """The whole page; what people have written in settings and code is escaped."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "month": month,
        "signed": signed,
        "commit": _commit,
        "shown": shown,
        "count": count,
    }
    style, script = ((_FOLDER / name).read_text() for name in ("page.css", "page.js"))
    return environment.get_template("page.html.j2").render(
        report=report,
        tiles=glance(report),
        graph=layout(report.stacks),
        node=NODE,
        is_searched=len(report.stacks) > _SEEN_AT_ONCE,
        views=views,
        Kind=Kind,
        Reach=Reach,
        changed={stack.id for stack in report.changes.stacks} if report.changes else set(),
        names={stack.id: stack.name for stack in report.stacks},
        style=Markup(style),  # noqa: S704 - this repo's own file
        script=Markup(script),  # noqa: S704 - the same
        policy=_content_policy(style, script),
    )


def _content_policy(style: str, script: str) -> str:
    """Lets the browser run these two texts, and load nothing; source: https://www.w3.org/TR/CSP3/."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _commit(words: str) -> str:
    """With commits in as many digits as a person compares."""
    return _COMMIT.sub(lambda found: found[0][:10], words)
