"""`python -m bench [--part PART] [--write]`: measures all parts, or the one that is named; `make bench` writes them.

Each part's tables go into docs/benchmarks.md as soon as they are there, with the machine and the day.
"""

import argparse
from collections.abc import Callable
from typing import Final

from rich.console import Console

from bench import deploys, floors, previews, synth
from bench.machine import machine
from stacks.marked_part import with_part
from stacks.paths import ROOT

DOCUMENT: Final = ROOT / "docs" / "benchmarks.md"
#: Each part measures for some minutes, and gives its tables.
PARTS: Final[dict[str, Callable[[], str]]] = {
    "synth": synth.report,
    "floors": floors.report,
    "deploys": deploys.report,
    "previews": previews.report,
}


def document(text: str, part: str, tables: str) -> str:
    """The text of docs/benchmarks.md with a part measured anew, on this machine today."""
    begin, end = f"<!-- {part}: written by make bench -->", f"<!-- end of {part} -->"
    return with_part(text, begin=begin, end=end, part=f"{tables}\n\n{machine()}")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="What modelyard costs in time and memory.")
    parser.add_argument("--part", choices=[*PARTS], help="this one, by default all")
    parser.add_argument("--write", action="store_true", help="write what is found into docs/benchmarks.md")
    arguments = parser.parse_args()
    console = Console(soft_wrap=True, markup=False, highlight=False)
    for part in [arguments.part] if arguments.part else PARTS:
        console.print(f"{part} …")
        tables = PARTS[part]()
        console.print(f"{tables}\n\n{machine()}\n")
        if arguments.write:
            DOCUMENT.write_text(document(DOCUMENT.read_text(), part, tables))


if __name__ == "__main__":
    main()
