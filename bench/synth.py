"""How long synth takes, ours and stock CDKTF's, by the number of services; and where that time goes.

Every figure is of a whole process, from its start to its exit, in a warm state: bytecode written, jsii's package cache
filled. Stock is the same program with `MODELYARD_STOCK_IMPORTS=1`, which is plain cdktf and plain jsii. The outputs of
each pair must be equal to the byte.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.estate import write_services
from bench.process import Run, measured
from bench.samples import Samples, ratios, table, take_turns
from stacks.paths import ROOT

STOCK, OURS = "stock", "ours"
_LAST = "exit"


@dataclass(frozen=True)
class Size:
    """An estate, and how often each way is measured.

    Attributes:
        services: Their number.
        repetitions: Of both ways; large estates vary less, and take minutes.
        all_clouds: Whether the code of all clouds is imported, whichever is used.
        environment: One of the committed ones.
    """

    services: int
    repetitions: int
    all_clouds: bool = False
    environment: str = "gke-dev"

    def __str__(self) -> str:
        return f"{self.services:,}{', code of all clouds imported' if self.all_clouds else ''}"


SIZES = (Size(1, 7, all_clouds=True), Size(1, 7), Size(50, 5), Size(200, 5), Size(1000, 3))
# Those whose time is looked at phase by phase.
_LOOKED_INTO = (1, 200)


@dataclass(frozen=True)
class Synthesis:
    """One process.

    Attributes:
        run: What it took.
        phases: Seconds by the name of the phase, in order; together they are all of it.
    """

    run: Run
    phases: Mapping[str, float]


@dataclass(frozen=True)
class Comparison:
    """All runs of one size, by way."""

    size: Size
    found: Mapping[str, Sequence[Synthesis]]

    def samples(self, figure: str) -> tuple[Samples, Samples]:
        """Stock's and ours, of a field of Run."""
        stock, ours = (tuple(getattr(each.run, figure) for each in self.found[way]) for way in (STOCK, OURS))
        return Samples(stock), Samples(ours)

    def phases(self) -> Iterator[tuple[str, Samples, Samples]]:
        """Name, stock's seconds, ours."""
        for phase in self.found[OURS][0].phases:
            stock, ours = (tuple(each.phases[phase] for each in self.found[way]) for way in (STOCK, OURS))
            yield phase, Samples(stock), Samples(ours)


def compare(size: Size, scratch: Path) -> Comparison:
    """Both ways in turns; ends the program if their outputs differ.

    Args:
        size: What is synthesised.
        scratch: A folder, used for all sizes: it keeps the bytecode.
    """
    ways = {way: partial(synthesise, way, size, scratch) for way in (STOCK, OURS)}
    found = take_turns(ways, size.repetitions)
    if different := _differences(scratch / OURS / "out", scratch / STOCK / "out"):
        raise SystemExit(f"error: the outputs differ from stock's in {', '.join(different)}")
    return Comparison(size, found)


def report(sizes: Sequence[Size] = SIZES) -> str:
    """Measures, and gives the tables."""
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        compare(Size(1, 1, all_clouds=True), scratch)  # fills the caches
        return tables([compare(size, scratch) for size in sizes])


def tables(comparisons: Sequence[Comparison]) -> str:
    """All sizes in one, then the phases of some."""
    looked_into = [each for each in comparisons if each.size.services in _LOOKED_INTO and not each.size.all_clouds]
    return "\n\n".join([_sizes(comparisons), *(_phases(each) for each in looked_into)])


def synthesise(way: str, size: Size, scratch: Path) -> Synthesis:
    """Once, in a process of its own, into `scratch/WAY/out`."""
    folder = scratch / way
    shutil.rmtree(folder, ignore_errors=True)
    write_services(folder / "services", size.services)
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if way == STOCK:
        # Its bytecode is 500 MB: it stays out of .venv.
        variables |= {"MODELYARD_STOCK_IMPORTS": "1", "PYTHONPYCACHEPREFIX": str(scratch / "bytecode")}
    began = time.monotonic()
    command = [sys.executable, "-m", "bench.estate", str(folder), size.environment, str(began)]
    command += ["--all-clouds"] if size.all_clouds else []
    run = measured(command, variables=variables, folder=ROOT, memory=True)
    ended: dict[str, float] = json.loads((folder / "phases.json").read_text())
    ended[_LAST] = run.seconds
    before = [0.0, *ended.values()]
    return Synthesis(run, {name: end - begin for begin, (name, end) in zip(before, ended.items(), strict=False)})


def _differences(ours: Path, stock: Path) -> list[str]:
    names = {path.relative_to(root) for root in (ours, stock) for path in root.rglob("*") if path.is_file()}
    return sorted(str(name) for name in names if _content(ours / name) != _content(stock / name))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _sizes(comparisons: Sequence[Comparison]) -> str:
    rows = []
    for each in comparisons:
        seconds, cpu, memory = (each.samples(figure) for figure in ("seconds", "cpu_seconds", "megabytes"))
        rows.append(
            (
                str(each.size),
                seconds[0].shown(2),
                seconds[1].shown(2),
                f"**{ratios(*seconds).shown()}**",
                ratios(*cpu).shown(),
                f"{memory[0].median:,.0f}",
                f"{memory[1].median:,.0f}",
                ratios(*memory).shown(),
                str(each.size.repetitions),
            )
        )
    head = ("services", "stock, s", "ours, s", "times faster", "times less CPU", "stock, MB", "ours, MB")
    return table((*head, "times less memory", "repetitions"), rows)


def _phases(comparison: Comparison) -> str:
    total = comparison.samples("seconds")[1].median
    rows = [
        (phase, f"{stock.median:.2f}", f"{ours.median:.2f}", f"{ours.median / total:.0%}", ratios(stock, ours).shown())
        for phase, stock, ours in comparison.phases()
    ]
    size = "one service" if comparison.size.services == 1 else f"{comparison.size.services:,} services"
    head = (f"{size}, phase", "stock, s", "ours, s", "of ours", "times faster")
    return table(head, rows)
