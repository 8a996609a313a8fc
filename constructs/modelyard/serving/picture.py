"""How an endpoint shows itself in a notebook."""

from collections.abc import Mapping
from html import escape

# In the page's own colours: notebooks are light or dark.
_CARD = (
    "display:inline-block;padding:.8em 1.1em;border:1px solid rgba(128,128,128,.4);border-radius:6px;"
    "color:inherit;font-family:system-ui,sans-serif;line-height:1.5"
)
_CELL = "border:none;text-align:left;padding:.1em 1em .1em 0;color:inherit"
_QUIET = "opacity:.75"


def picture(name: str, namespace: str, facts: Mapping[str, str], *, dashboard: str | None) -> str:
    """A card in HTML.

    Args:
        name: The endpoint's.
        namespace: Where it is.
        facts: What is written, by its word.
        dashboard: A link.
    """
    cells = {word: escape(fact) for word, fact in facts.items()}
    if dashboard and dashboard.startswith(("http://", "https://")):
        link = escape(dashboard)
        cells["dashboard"] = f'<a href="{link}" target="_blank" rel="noopener" style="color:inherit">{link}</a>'
    rows = "".join(
        f'<tr style="background:none"><td style="{_CELL};{_QUIET}">{escape(word)}</td>'
        f'<td style="{_CELL}">{cell}</td></tr>'
        for word, cell in cells.items()
    )
    return (
        f'<div style="{_CARD}"><div><strong style="font-size:1.15em">{escape(name)}</strong> '
        f'<span style="{_QUIET}">in {escape(namespace)}</span></div>'
        f'<table style="border:none;margin:.5em 0;color:inherit">{rows}</table>'
        f'<code style="background:none;color:inherit">endpoint.predict(rows)</code></div>'
    )
