"""`python -m faults`: commands are broken off on purpose and run again; see docs/faults.md."""

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from faults.broken_command import Result
from faults.estate import ENVIRONMENTS
from faults.inventory import Findings
from faults.matrix import Choice, run_matrix
from faults.random_cases import RandomResult, run_random
from faults.table import counts, markdown, write

console = Console(highlight=False, soft_wrap=True)
_SHOWN = 5


def main() -> None:
    """Runs the matrix, a sample of it, or random cases; ends with 1 if anything is lost, doubled or left."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("--cloud", choices=list(ENVIRONMENTS), help="only this cloud's cases")
    parser.add_argument("--type", action="append", default=[], metavar="TYPE", help="only this type's; may be repeated")
    parser.add_argument("--sample", type=int, metavar="N", help="so many cases, chosen at random")
    parser.add_argument("--random", type=int, metavar="N", help="so many random scenarios on each whole environment")
    parser.add_argument("--seed", type=int, default=0, help="another one gives other samples (0)")
    parser.add_argument("--write", action="store_true", help="write the table into docs/faults.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="modelyard-faults-") as folder:
        if arguments.random:
            is_good = _random(arguments.random, arguments.seed, Path(folder))
        else:
            clouds = (arguments.cloud,) if arguments.cloud else tuple(ENVIRONMENTS)
            choice = Choice(clouds, tuple(arguments.type), arguments.sample, arguments.seed)
            is_good = _matrix(choice, Path(folder), is_written=arguments.write)
    sys.exit(0 if is_good else 1)


def _matrix(choice: Choice, folder: Path, *, is_written: bool) -> bool:
    begun = time.monotonic()
    progress = _Progress()
    matrix = run_matrix(choice, folder, progress.tell, progress.begin)
    text = markdown(matrix, time.monotonic() - begun)
    if is_written:
        write(text)
    console.print(escape(text))
    console.print(f"[bold]{len(matrix.results)} cases: {counts(matrix.results)}[/]")
    return bool(matrix.results) and all(result.is_good for result in matrix.results)


def _random(count: int, seed: int, folder: Path) -> bool:
    results = run_random(count, seed, folder, _tell_random)
    struck = sum(result.struck for result in results)
    sums = [sum(len(getattr(result.findings, name)) for result in results) for name in ("lost", "doubled", "left")]
    failed = sum(bool(result.problem) for result in results)
    console.print(
        f"[bold]{len(results)} random scenarios, {struck} faults struck: {sums[0]} lost, {sums[1]} doubled, "
        f"{sums[2]} left[/]" + (f", {failed} failed otherwise" if failed else "")
    )
    return all(result.is_good for result in results)


class _Progress:
    """A line for each case that has ended; lanes end theirs in any order."""

    def __init__(self) -> None:
        self._count = self._done = 0
        self._lock = threading.Lock()

    def begin(self, count: int) -> None:
        self._count = count
        console.print(f"{count} cases")

    def tell(self, result: Result) -> None:
        with self._lock:
            self._done += 1
            mark = "[green]✓[/]" if result.is_good else "[red]✗[/]"
            console.print(f"{self._done}/{self._count} {mark} {result.case}  [dim]{result.seconds:.0f} s[/]")
            _show(result.findings, result.problem)


def _tell_random(result: RandomResult) -> None:
    mark = "[green]✓[/]" if result.is_good else "[red]✗[/]"
    faults = f"{result.struck} of {len(result.faults)} faults, {result.runs} runs"
    console.print(f"{mark} {result.environment} {result.verb}: {faults}")
    if not result.is_good:
        console.print("\n".join(f"    {fault}" for fault in result.faults), markup=False)
    _show(result.findings, result.problem)


def _show(findings: Findings, problem: str) -> None:
    for name in ("lost", "doubled", "left"):
        things = getattr(findings, name)
        more = [f"and {len(things) - _SHOWN} more"] if len(things) > _SHOWN else []
        for thing in [*things[:_SHOWN], *more]:
            console.print(f"    {name}: {thing}", markup=False)
    if problem:
        console.print("\n".join(f"    {line}" for line in problem.splitlines()), markup=False)


if __name__ == "__main__":
    main()
