"""Charts: whether an unchanged commit deploys an unchanged chart."""

import re
from collections.abc import Iterator

from policies.checks.stack import Outcome, Stack
from policies.plan import Resource

_EXACT = re.compile(r"v?\d+\.\d+\.\d+([-+][\w.+-]+)?")
# A chart that comes with the stack: cdktf's assets, or a path.
_LOCAL = re.compile(r"(assets/|\.{0,2}/).*")
# A package by its address, whose name ends with its version.
_PACKAGE = re.compile(r"https?://.+-v?\d+\.\d+\.\d+([-+][\w.+-]+)?\.tgz")


def pinned(stack: Stack) -> Iterator[Outcome]:
    """An exact version of a chart from a repository that the release itself names."""
    for release in stack.of_types("helm_release"):
        yield release, _problem(release)


def _problem(release: Resource) -> str | None:
    chart = str(release.values.get("chart", ""))
    remote = bool(release.values.get("repository")) or chart.startswith("oci://")
    if not remote:
        if _LOCAL.fullmatch(chart) or _PACKAGE.fullmatch(chart):
            return None
        return f"{chart} is looked up in repositories that the machine of whoever deploys knows"
    # Not from the plan's values: of a release that is deployed already, they have the version that it got.
    given = release.expressions.get("version", {}).get("constant_value")
    if given is None:
        return "no version: the newest is deployed"
    return None if _EXACT.fullmatch(str(given)) else f"version {given} is not exact"
