"""`python -m bench`: how long synth takes, and what each further service costs, ours against stock CDKTF.

Every figure is of a whole process, from its start to its exit, in a warm state: bytecode written, jsii's package cache
filled. Stock is the same program with `MODELYARD_STOCK_IMPORTS=1`, which is plain cdktf and plain jsii; the two take
turns, and their outputs must be equal to the byte. CPU is user and system time of Python and all its child processes.
Memory is the peak of their summed resident set sizes, sampled ten times a second; shared pages count for each process.
"""

import argparse
import json
import os
import platform
import resource
import shutil
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

SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Size:
    """An estate, and how many times each way is measured: the large take minutes, and vary less."""

    environment: str
    services: int
    runs: int = 1
    all_clouds: bool = False

    @property
    def name(self) -> str:
        """What is synthesized."""
        return f"{self.environment}, all clouds" if self.all_clouds else self.environment


SIZES = [
    Size("gke-dev", 1, runs=3, all_clouds=True),
    Size("gke-dev", 1, runs=3),
    Size("gke-dev", 50),
    Size("gke-dev", 200),
    Size("gke-dev", 1000),
]


@dataclass(frozen=True)
class Run:
    """One process with its children: wall and CPU time and peak memory."""

    seconds: float
    cpu_seconds: float
    megabytes: float


@dataclass(frozen=True)
class Comparison:
    """All runs of one size."""

    size: Size
    stock: list[Run]
    ours: list[Run]

    @property
    def times_faster(self) -> float:
        """The ratio of the medians of the wall times."""
        return median(run.seconds for run in self.stock) / median(run.seconds for run in self.ours)


def main() -> int:
    """Measure, print, and give 1 if the outputs differ."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    options = parser.parse_args()
    console = Console(width=max(Console().width, 110))
    with tempfile.TemporaryDirectory() as scratch:
        bench = _Bench(Path(scratch))
        console.print("filling caches: a run of each way, not counted …")
        bench.compare(Size("gke-dev", 1, all_clouds=True))
        comparisons = []
        for size in SIZES:
            console.print(f"{size.name}, services: {size.services} …")
            comparisons.append(bench.compare(size))
    console.print(_table(comparisons))
    console.print(_machine())
    if options.json:
        figures = [asdict(each) | {"times_faster": each.times_faster} for each in comparisons]
        options.json.write_text(json.dumps({"machine": _machine(), "figures": figures}, indent=2) + "\n")
    return 0


class _Bench:
    """Runs estates in a folder of its own."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch

    def compare(self, size: Size) -> Comparison:
        """Both ways in turns; ends the program if their outputs differ."""
        stock, ours = [], []
        for _ in range(size.runs):
            stock.append(self._run("stock", size))
            ours.append(self._run("ours", size))
            if different := self._differences():
                raise SystemExit(f"error: the outputs differ from stock's in {', '.join(different)}")
        return Comparison(size, stock, ours)

    def _run(self, way: str, size: Size) -> Run:
        folder = self._scratch / way
        shutil.rmtree(folder, ignore_errors=True)
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = str(self._scratch / "bytecode")  # stock's is 500 MB: keep it out of .venv
        environment["MODELYARD_STOCK_IMPORTS"] = "1" if way == "stock" else "0"
        command = [sys.executable, "-m", "bench.estate", str(folder), size.environment, str(size.services)]
        command += ["--all-clouds"] if size.all_clouds else []
        with (self._scratch / "stderr").open("w+") as stderr:  # a file, not a pipe: nobody reads it meanwhile
            began, cpu_before = time.perf_counter(), _children_cpu_seconds()
            with subprocess.Popen(command, env=environment, stderr=stderr) as process:
                peak = _peak_bytes(process)
                seconds = time.perf_counter() - began
            if process.returncode != 0:
                stderr.seek(0)
                raise SystemExit(stderr.read())
        return Run(seconds, _children_cpu_seconds() - cpu_before, peak / 1e6)

    def _differences(self) -> list[str]:
        ours, stock = self._scratch / "ours" / "out", self._scratch / "stock" / "out"
        names = {path.relative_to(root) for root in (ours, stock) for path in root.rglob("*") if path.is_file()}
        return sorted(str(name) for name in names if _content(ours / name) != _content(stock / name))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _children_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _peak_bytes(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end of the process; give the most that it and its children had in memory."""
    peak, family = 0, psutil.Process(process.pid)
    while process.poll() is None:
        try:
            members = [family, *family.children(recursive=True)]
            peak = max(peak, sum(member.memory_info().rss for member in members))
        except psutil.NoSuchProcess:  # one ended meanwhile: an earlier sample had it
            pass
        time.sleep(SAMPLE_SECONDS)
    return peak


def _table(comparisons: list[Comparison]) -> Table:
    table = Table("environment", "services", "", "seconds", "from - to", "CPU seconds", "peak MB", "", title="Synth")
    for each in comparisons:
        name, services = each.size.name, f"{each.size.services:,}"
        table.add_row(name, services, "stock", *_cells(each.stock))
        table.add_row("", "", "ours", *_cells(each.ours), f"{each.times_faster:.1f} times faster", end_section=True)
    return table


def _cells(runs: list[Run]) -> list[str]:
    seconds = sorted(run.seconds for run in runs)
    return [
        f"{median(seconds):.2f}",
        f"{seconds[0]:.2f} - {seconds[-1]:.2f}" if len(runs) > 1 else "one run",
        f"{median(run.cpu_seconds for run in runs):.2f}",
        f"{median(run.megabytes for run in runs):.0f}",
    ]


def _machine() -> str:
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    load = os.getloadavg()[1]
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, Node {node}; "
        f"on average {load:.1f} processes ran in the last 5 minutes; seconds are medians where there are more runs"
    )


if __name__ == "__main__":
    sys.exit(main())
