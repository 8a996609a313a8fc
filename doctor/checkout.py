"""What this checkout has: the packages that are pinned, folders to write into, and runs that were cut off."""

import importlib.metadata
import json
import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from modelyard.bindings import CDKTF, ENGINE, ENGINES, Engine, engine
from modelyard.errors import ConfigurationError

from packaging.requirements import Requirement

from doctor.check import Check, Finding, fail, ok, warn
from doctor.prerequisites import told_version, tool_problem
from runs.journal import Journal
from stacks.paths import ROOT

GROUP: Final = "this checkout"
_SHOWN: Final = 5
# Where the commands write; a folder that is missing is made, where its parent lets them.
_WRITTEN: Final = (".modelyard", ".rehearsal", "cdktf.out", "backups")


def checks(root: Path = ROOT) -> Iterator[Check]:
    """Those of a checkout."""
    yield Check(
        name="command line",
        group=GROUP,
        about="The engine's is there, of CDKTF or CDK Terrain, as pinned; Node is new enough for it.",
        look=partial(_command_line, root),
    )
    yield Check(
        name="python packages",
        group=GROUP,
        about="Every package is installed in the version that the engine's requirements pin.",
        look=partial(_packages, root),
    )
    yield Check(
        name="folders", group=GROUP, about="The commands can write where they have to.", look=partial(_folders, root)
    )
    yield Check(
        name="interrupted runs",
        group=GROUP,
        about="No deploy or destroy from this checkout was cut off and not taken up again.",
        look=partial(_runs, root),
    )


def _engine() -> Engine:
    """The one that is wanted, where it is not installed, too."""
    try:
        return engine()
    except ConfigurationError:
        return ENGINES.get(os.environ.get(ENGINE, ""), CDKTF)


def _make_setup(wanted: Engine) -> str:
    return "make setup" if wanted is CDKTF else f"make setup {ENGINE}={wanted.name}"


def _command_line(root: Path) -> Finding:
    wanted = _engine()
    folder, package = root / wanted.folder, f"{wanted.name}-cli"
    pinned = json.loads((folder / "package.json").read_text())["devDependencies"][package]
    installed = folder / "node_modules" / package / "package.json"
    if not installed.is_file():
        return fail(f"missing, {package} {pinned} is pinned", _make_setup(wanted))
    version = json.loads(installed.read_text())["version"]
    if version != pinned:
        return fail(f"{package} {version}, {pinned} is pinned", f"npm ci --prefix ./{wanted.folder}")
    if problem := tool_problem("node", told_version(("node", "--version")), wanted.node):
        return warn(
            f"{package} {version}: {problem.partition(': ')[0]}", "npx --package node@22 -c '…' for a single call"
        )
    return ok(f"{package} {version}")


def _packages(root: Path) -> Finding:
    wanted_engine = _engine()
    lines = (root / wanted_engine.requirements).read_text().splitlines()
    pinned = [line.partition("#")[0].strip() for line in lines]
    wanted = [each for each in map(Requirement, filter(None, pinned)) if each.marker is None or each.marker.evaluate()]
    found = {each.name: _version(each.name) for each in wanted}
    wrong = [
        f"{each.name} {found[each.name] or 'missing'} (pinned {each.specifier})"
        for each in wanted
        if not found[each.name] or not each.specifier.contains(found[each.name], prereleases=True)
    ]
    if not wrong:
        return ok(f"{len(wanted)}, as pinned")
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    # make compares times of files, which a copied or an older checkout may have in another order.
    return fail(
        f"{', '.join(wrong[:_SHOWN])}{more}", f"touch {wanted_engine.requirements} && {_make_setup(wanted_engine)}"
    )


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _folders(root: Path) -> Finding:
    refused = []
    for folder in (root / name for name in _WRITTEN):
        try:
            with tempfile.TemporaryFile(dir=folder if folder.exists() else root):
                pass
        except OSError as error:
            refused.append(f"{folder}: {error.strerror}")
    if refused:
        return fail("; ".join(refused), "give yourself the right to write there, or make room on the disk")
    return ok(", ".join(_WRITTEN))


def _runs(root: Path) -> Finding:
    cut, under_way = [], []
    for folder in sorted((root / ".modelyard").glob("*/runs")):
        journal, environment = Journal(folder), folder.parent.name
        begun = [run for run in journal.runs() if not run.has_ended]
        if journal.is_held():
            under_way.append(environment)
        elif begun:
            run = begun[-1]
            stacks = ", ".join(call.stack for call in run.under_way) or "between two stacks"
            cut.append(
                (environment, run.verb, f"{environment}: {run.verb} of {run.began:%Y-%m-%d %H:%M} UTC, {stacks}")
            )
    if not cut:
        return ok(f"none; one goes on in {', '.join(under_way)}" if under_way else "none")
    again = "; ".join(f"modelyard {'up' if verb == 'apply' else 'teardown'} {name}" for name, verb, _ in cut)
    return warn(
        "; ".join(line for _, _, line in cut), f"{again}: it says what it found, takes away stale locks, and goes on"
    )
