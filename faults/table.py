"""The counts of a matrix, for the screen and for docs/faults.md."""

import datetime
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from faults.broken_command import Result
from faults.cases import ACTIONS, FAULTS
from faults.matrix import Matrix
from stacks.marked_part import with_part
from stacks.paths import ROOT

DOCUMENT: Final = ROOT / "docs" / "faults.md"
_BEGIN, _END = "<!-- matrix -->", "<!-- /matrix -->"


def counts(results: Iterable[Result]) -> str:
    """Lost, doubled, left, and what else went wrong, of some cases: `0/0/0`, with the number of other failures."""
    listed = list(results)
    lost, doubled, left = (
        sum(len(getattr(result.findings, name)) for result in listed) for name in ("lost", "doubled", "left")
    )
    problems = sum(bool(result.problem) for result in listed)
    return f"{lost} lost, {doubled} doubled, {left} left" + (f", {problems} failed otherwise" if problems else "")


def markdown(matrix: Matrix, seconds: float) -> str:
    """The table, with machine and date, and the types that are never updated."""
    today = datetime.datetime.now(datetime.UTC).date()
    lines = [
        f"{len(matrix.results)} cases on {today}, {os.cpu_count()} cores, {platform.system()}, "
        f"{seconds / 60:.0f} minutes: **{counts(matrix.results)}**.",
        "",
        "| cloud | resource types | action | " + " | ".join(FAULTS) + " |",
        "|---|---|---|" + "---|" * len(FAULTS),
    ]
    for cloud, types in matrix.types.items():
        for action in ACTIONS:
            cells = [_cell(matrix.results, cloud, action, fault) for fault in FAULTS]
            lines.append(f"| {cloud} | {len(types)} | {action} | {' | '.join(cells)} |")
    lines += ["", "A cell counts the cases in which the command run again has reached the goal, of all cases.", ""]
    lines += ["Never updated in place:", ""]
    lines += [f"- {cloud}: `{type_name}`: {why}" for (cloud, type_name), why in sorted(matrix.without.items())]
    return "\n".join(lines)


def _cell(results: Sequence[Result], cloud: str, action: str, fault: str) -> str:
    found = [each for each in results if (each.case.cloud, each.case.action, each.case.fault) == (cloud, action, fault)]
    return f"{sum(result.is_good for result in found)} of {len(found)}"


def write(text: str, document: Path = DOCUMENT) -> None:
    """Puts the table between its marks."""
    document.write_text(with_part(document.read_text(), begin=_BEGIN, end=_END, part=text))
