"""`python -m bench`: how much faster synth starts than with stock CDKTF, and what each further service costs.

Every figure is of a whole process, from its start to its exit, in a warm state: bytecode written, jsii's package cache
filled. Stock is the same program with `MODELYARD_STOCK_IMPORTS=1`; the two take turns, and their outputs must be equal
to the byte. CPU is user and system time of Python and all its child processes. Memory is the peak of their summed
resident set sizes, sampled every 20 ms; pages that processes share count for each of them.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import psutil
from rich.console import Console
from rich.table import Table

ESTATES: dict[str, list[str]] = {"GKE only": [], "GKE and AKS imported": ["--two-clouds"]}
SERVICES = (1, 11, 51)
SAMPLE_SECONDS = 0.02


@dataclass(frozen=True)
class Run:
    """One process with its children: wall and CPU time and peak memory; or the medians of several."""

    seconds: float
    cpu_seconds: float
    megabytes: float


@dataclass(frozen=True)
class Comparison:
    """Start of synth with one service."""

    estate: str
    fast: Run
    stock: Run

    @property
    def ratio(self) -> float:
        """How many times faster than stock."""
        return self.stock.seconds / self.fast.seconds


def main() -> int:
    """Measure, print, and give 1 if the outputs differ."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs behind each median (default: 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as scratch:
        comparisons = []
        for estate, flags in ESTATES.items():
            console.print(f"{estate}: filling caches (minutes), then {options.runs} runs each …")
            if different := _differences(Path(scratch), flags):
                console.print(f"[red]the outputs differ from stock's in {', '.join(different)}[/red]")
                return 1
            comparisons.append(_compare(estate, flags, Path(scratch), options.runs))
        growth = {
            count: _median([_run(Path(scratch) / "growth", count, []) for _ in range(options.runs)])
            for count in SERVICES
        }
    _print_comparisons(console, comparisons)
    _print_growth(console, growth)
    if options.json:
        figures = {
            "start": [asdict(comparison) | {"ratio": comparison.ratio} for comparison in comparisons],
            "services": [{"count": count} | asdict(run) for count, run in growth.items()],
        }
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def _differences(scratch: Path, flags: list[str]) -> list[str]:
    """Synthesize with stock and without, which also fills all caches; give the files that are not the same in both."""
    fast, stock = scratch / "fast", scratch / "stock"
    _run(stock, 1, flags, stock=True)
    _run(fast, 1, flags)
    names = {path.relative_to(root) for root in (fast, stock) for path in root.rglob("*") if path.is_file()}
    return sorted(str(name) for name in names if _content(fast / name) != _content(stock / name))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _compare(estate: str, flags: list[str], scratch: Path, runs: int) -> Comparison:
    pairs = [(_run(scratch / "fast", 1, flags), _run(scratch / "stock", 1, flags, stock=True)) for _ in range(runs)]
    return Comparison(estate, _median([fast for fast, _ in pairs]), _median([stock for _, stock in pairs]))


def _run(out_dir: Path, services: int, flags: list[str], *, stock: bool = False) -> Run:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(out_dir.parent / "bytecode")  # stock's is 500 MB: keep it out of .venv
    environment["MODELYARD_STOCK_IMPORTS"] = "1" if stock else "0"
    command = [sys.executable, "-m", "bench.estate", str(out_dir), str(services), *flags]
    began, cpu_before = time.perf_counter(), _children_cpu_seconds()
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        peak = 0
        family = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, _resident_bytes(family))
            time.sleep(SAMPLE_SECONDS)
        seconds = time.perf_counter() - began
        if process.returncode != 0:
            raise SystemExit(process.stderr.read() if process.stderr else f"{command} failed")
    return Run(seconds, _children_cpu_seconds() - cpu_before, peak / 1e6)


def _children_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _resident_bytes(family: psutil.Process) -> int:
    total = 0
    try:
        for process in [family, *family.children(recursive=True)]:
            total += process.memory_info().rss
    except psutil.NoSuchProcess:  # it ended meanwhile: an earlier sample had it
        return 0
    return total


def _median(runs: list[Run]) -> Run:
    return Run(
        median(run.seconds for run in runs),
        median(run.cpu_seconds for run in runs),
        median(run.megabytes for run in runs),
    )


def _print_comparisons(console: Console, comparisons: list[Comparison]) -> None:
    table = Table("one service", "", "seconds", "CPU seconds", "MB", "", title="Start of synth")
    for each in comparisons:
        table.add_row(each.estate, "stock", *_cells(each.stock))
        table.add_row("", "ours", *_cells(each.fast), f"{each.ratio:.1f} times faster")
    console.print(table)


def _cells(run: Run) -> list[str]:
    return [f"{run.seconds:.2f}", f"{run.cpu_seconds:.2f}", f"{run.megabytes:.0f}"]


def _print_growth(console: Console, growth: dict[int, Run]) -> None:
    table = Table("services", "seconds", "CPU seconds", "MB", "ms for each further", title="Growth (ours)")
    first = growth[SERVICES[0]]
    for count, run in growth.items():
        more = count - SERVICES[0]
        each = f"{(run.seconds - first.seconds) / more * 1000:.0f}" if more else ""
        table.add_row(str(count), *_cells(run), each)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
