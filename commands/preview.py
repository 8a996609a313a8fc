"""`modelyard preview`: what a change does to every environment, without credentials."""

import os
import tempfile
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console

from commands.prerequisites import missing_tools
from commands.provider_plugins import plugin_folders
from commands.terraform import TerraformError
from preview import comment, live, record, run
from preview.bill import bill
from preview.estate import Estate, read
from preview.outcome import EnvironmentPreview
from preview.redaction import Redactor, secrets_of_environment
from preview.revisions import Revision, SynthesisError, committed, synthesise, working_tree
from preview.sides import Sides
from stacks.clouds import CLOUDS, settings_model
from stacks.environments import load_settings
from stacks.paths import ROOT
from stacks.settings import CloudSettings

console = Console(highlight=False, soft_wrap=True, stderr=True)


@dataclass(frozen=True)
class _Revisions:
    """Both sides; without a base every stack is looked at."""

    base: Revision | None
    head: Revision

    def environments(self) -> list[str]:
        """Those in a cloud, on either side."""
        sides = [self.head, *([self.base] if self.base else [])]
        files = [file for side in sides for file in (side.folder / "environments").glob("*.toml")]
        return sorted({file.stem for file in files if _cloud(file) in _clouds()})


def _clouds() -> list[str]:
    return [cloud for cloud in CLOUDS if issubclass(settings_model(cloud), CloudSettings)]


def _cloud(file: Path) -> str:
    """The key `cloud` of an environment's file; what is wrong with the file, its program says."""
    try:
        return str(tomllib.loads(file.read_text()).get("cloud", ""))
    except (OSError, ValueError):
        return ""


def preview(
    *,
    base: Annotated[
        str,
        typer.Option(
            metavar="REV", help="The commit that is deployed; with --live perhaps none: then every stack is planned."
        ),
    ] = "",
    head: Annotated[
        str, typer.Option(metavar="REV", help="The commit to deploy; by default the files as they are.")
    ] = "",
    env: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="An environment, perhaps several times; by default all in a cloud."),
    ] = None,
    live_: Annotated[
        bool, typer.Option("--live", help="Plan against the real state, with your own identity and without a lock.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write comment.md, report.md and report.json there; else the report is printed."
        ),
    ] = None,
) -> None:
    """Show what a change does: the base on simulated providers, and the head planned against that."""
    if problems := missing_tools():
        raise ConfigurationError("; ".join(problems), mend="install what is missing")
    if not base and not live_:
        raise ConfigurationError(
            "no base is given", mend="name the commit that is deployed: --base origin/main", where="--base"
        )
    with tempfile.TemporaryDirectory(prefix="modelyard-preview-") as scratch:
        folder = Path(scratch)
        revisions = _Revisions(
            committed(base, folder / "base") if base else None,
            committed(head, folder / "head") if head else working_tree(),
        )
        redactor = Redactor(secrets_of_environment(ROOT / "environments"))
        names = env or revisions.environments()
        with console.status("synthesising …"):
            estates = _synthesised(revisions, names, folder)
        with console.status("planning …"), ThreadPoolExecutor(os.cpu_count()) as pool:
            previews = list(
                pool.map(lambda name: _previewed(name, estates[name], revisions, folder, redactor, live_=live_), names)
            )
    _write(previews, redactor, revisions, output, live_=live_)
    if any(each.has_failed or each.is_refused for each in previews):
        raise typer.Exit(1)


_Pair = tuple[Estate, Estate] | SynthesisError


def _synthesised(revisions: _Revisions, names: Sequence[str], folder: Path) -> dict[str, _Pair]:
    """Both estates of each environment, or why there is none."""
    sides = {"base": revisions.base, "head": revisions.head}

    def one(name: str, side: str) -> Estate | SynthesisError:
        revision = sides[side]
        if revision is None or not revision.has_environment(name):
            return {}
        output = folder / "stacks" / side / name
        try:
            synthesise(revision, name, output)
        except SynthesisError as error:
            return SynthesisError(f"the {side} does not synthesise:\n{error}")
        return read(output)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {(name, side): pool.submit(one, name, side) for name in names for side in sides}
        found = {key: future.result() for key, future in running.items()}
    pairs: dict[str, _Pair] = {}
    for name in names:
        base, head = found[name, "base"], found[name, "head"]
        if isinstance(head, SynthesisError):
            pairs[name] = head
        else:
            pairs[name] = base if isinstance(base, SynthesisError) else (base, head)
    return pairs


def _previewed(
    name: str, pair: _Pair, revisions: _Revisions, folder: Path, redactor: Redactor, *, live_: bool
) -> EnvironmentPreview:
    if isinstance(pair, SynthesisError):
        return EnvironmentPreview(name, error=str(pair))
    base, head = pair
    if not base and not head:
        raise ConfigurationError(
            f"there is no environment {name!r}",
            mend=f"choose one of {', '.join(revisions.environments())}",
            where="--env",
        )
    try:
        sides = _sides(name, base, head, revisions)
    except ConfigurationError as error:
        return EnvironmentPreview(name, error=str(error))
    work = folder / "plans" / name
    work.mkdir(parents=True)
    try:
        if live_:
            found = live.preview(name, sides, work, redactor, every_stack=revisions.base is None)
        else:
            found = run.preview(name, sides, work, plugin_folders(), redactor)
    except TerraformError as error:
        return EnvironmentPreview(name, error=f"the base cannot be deployed to the simulated providers:\n{error}")
    found.bill = bill(sides)
    return found


def _sides(name: str, base: Estate, head: Estate, revisions: _Revisions) -> Sides:
    """Raises ConfigurationError when this revision of the repo does not understand the head's settings."""
    newest = revisions.head if head or revisions.base is None else revisions.base
    settings = load_settings(name, newest.folder / "environments")
    base_settings = None
    if base and revisions.base is not None:
        # Keys may have changed since: then only the prices of the base's place are not known.
        with suppress(ConfigurationError):
            base_settings = load_settings(name, revisions.base.folder / "environments")
    return Sides(base, head, newest.folder, settings, base_settings)


def _write(
    previews: Sequence[EnvironmentPreview],
    redactor: Redactor,
    revisions: _Revisions,
    output: Path | None,
    *,
    live_: bool,
) -> None:
    base = revisions.base.commit if revisions.base else "what is deployed"
    head = revisions.head.commit + (" with uncommitted changes" if revisions.head.is_dirty else "")
    whole = comment.report(previews, redactor, base=base, head=head)
    if output is None:
        print(whole)  # noqa: T201 - the answer, for a pipe as well
        return
    output.mkdir(parents=True, exist_ok=True)
    (output / "report.md").write_text(whole)
    (output / "comment.md").write_text(comment.comment(previews, redactor, base=base, head=head))
    (output / "report.json").write_text(
        record.text(record.record(previews, redactor, base=base, head=head, live=live_))
    )
    console.print(f"written: comment.md, report.md and report.json in {output}")
