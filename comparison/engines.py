"""`python -m comparison.engines`: what CDKTF and CDK Terrain write of every environment, leaf by leaf.

Each environment is synthesised by both, in processes of their own. Exits with 1 if anything differs besides the
engine's notes on itself, and the versions of providers and how their sources are written, which are shown.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.bindings import CDK_TERRAIN, CDKTF, ENGINE, Engine

from comparison.plans import Leaves, different
from stacks.environments import environment_names
from stacks.marked_part import with_part
from stacks.paths import ROOT
from terraform_cli.environment import clean_environment

DOCUMENT = ROOT / "docs" / "engines.md"
_BEGIN, _END = "<!-- written by make engines -->", "<!-- end of what make engines writes -->"
# Where CDKTF notes its own version: in the manifest, and below the key that Terraform does not read.
_MANIFESTS_NOTE = "manifest.json version"
_NOTE = "//"
_PROVIDER = re.compile(r" terraform required_providers \S+ (source|version)$")


@dataclass(frozen=True)
class Row:
    """One environment, synthesised by both.

    Attributes:
        environment: Its name.
        stacks: How many stacks it has.
        leaves: How many values CDKTF wrote, over all files.
        notes: How many of them are the engine's notes on itself, and differ.
        providers: Versions and ways to write a source that differ: CDKTF's value and CDK Terrain's, by file and place.
        others: All else that differs, by file and place.
    """

    environment: str
    stacks: int
    leaves: int
    notes: int
    providers: Mapping[str, tuple[Any, Any]]
    others: Mapping[str, tuple[Any, Any]]

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        counts = self.stacks, self.leaves, self.notes, len(self.providers), len(self.others)
        return (self.environment, *map(str, counts))


def leaves(folder: Path) -> Leaves:
    """Every value that an engine wrote, by file and place; a file that is no JSON is one value."""
    found: Leaves = {}
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = str(file.relative_to(folder))
        content = file.read_bytes()
        found.update(_walk(json.loads(content), name) if file.suffix == ".json" else {name: content})
    return found


def _walk(value: Any, place: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - a value of any type
    """Each value that holds no others, empty ones as well, with where it stands."""
    if not value or not isinstance(value, dict | list):
        yield place, value
        return
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        yield from _walk(each, f"{place} {key}")


def compared(environment: str, cdktf: Leaves, cdktn: Leaves) -> Row:
    """Tells apart what differs between the two outputs of an environment."""
    differing = different(cdktf, cdktn)
    notes = {place for place in differing if place == _MANIFESTS_NOTE or place.split(" ")[1:2] == [_NOTE]}
    providers = {place for place, pair in differing.items() if _PROVIDER.search(place) and _is_one_provider(*pair)}
    return Row(
        environment,
        stacks=len({place.partition(" ")[0] for place in cdktf if place.partition(" ")[0].endswith("/cdk.tf.json")}),
        leaves=len(cdktf),
        notes=len(notes),
        providers={place: differing[place] for place in sorted(providers)},
        others={place: differing[place] for place in sorted(differing.keys() - notes - providers)},
    )


def _is_one_provider(one: str | None, other: str | None) -> bool:
    """Whether both are versions, or sources that mean the same: HashiCorp's may go without its name."""
    if one is None or other is None:
        return False
    return one[0].isdigit() or one.removeprefix("hashicorp/") == other.removeprefix("hashicorp/")


def compare(pythons: Mapping[Engine, str], folder: Path) -> Iterator[Row]:
    """Synthesises every environment with both engines.

    Args:
        pythons: The interpreter that has each of the two engines.
        folder: Where they write.
    """
    for environment in environment_names():
        outputs = {engine: folder / engine.name / environment for engine in pythons}
        for engine, output in outputs.items():
            _synthesise(environment, engine, pythons[engine], output)
        yield compared(environment, leaves(outputs[CDKTF]), leaves(outputs[CDK_TERRAIN]))


def _synthesise(environment: str, engine: Engine, python: str, output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    variables = {"MODELYARD_ENV": environment, ENGINE: engine.name, "CDKTF_OUTDIR": str(output)}
    done = subprocess.run(
        [python, "main.py"], cwd=ROOT, env=clean_environment() | variables, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"error: {engine.name} does not synthesise {environment}:\n{done.stderr or done.stdout}")


def table(rows: list[Row]) -> str:
    """What was found, in Markdown."""
    head = ("environment", "stacks", "values", "engine's notes", "providers", "anything else")
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *(row.cells for row in rows)]
    providers = {
        f"- {name}, {key}: `{pair[0]}` by CDKTF, `{pair[1]}` by CDK Terrain"
        for row in rows
        for place, pair in row.providers.items()
        for name, key in [place.split(" ")[-2:]]
    }
    others = [f"- {row.environment}, {place}: {pair}" for row in rows for place, pair in row.others.items()]
    return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), "", *sorted(providers), *others])


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m comparison.engines", description="CDKTF beside CDK Terrain.")
    parser.add_argument("--cdktn", default=sys.executable, metavar="PYTHON", help="interpreter that has CDK Terrain")
    parser.add_argument("--write", action="store_true", help="write what was found into docs/engines.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = list(compare({CDKTF: sys.executable, CDK_TERRAIN: arguments.cdktn}, Path(folder)))
    print(table(rows))  # noqa: T201 - what the command is for
    if arguments.write:
        DOCUMENT.write_text(with_part(DOCUMENT.read_text(), begin=_BEGIN, end=_END, part=table(rows)))
    sys.exit(any(row.others for row in rows))


if __name__ == "__main__":
    main()
