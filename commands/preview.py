"""`modelyard preview`: what a change does to every environment, without credentials."""

import datetime
import tempfile
from pathlib import Path
from typing import Annotated

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console

from commands.required_tools import refuse_missing_tools
from preview import comment, record
from preview.environments import Revisions, preview_all
from preview.outcome import EnvironmentPreview
from preview.redaction import Redactor, secrets_of_environment
from preview.revisions import committed, working_tree
from stacks.paths import ENVIRONMENTS
from terraform_cli.plugins import plugin_folders

console = Console(highlight=False, soft_wrap=True, stderr=True)


def preview(
    *,
    base: Annotated[
        str,
        typer.Option(metavar="REV", help="The commit that is deployed; with --live perhaps none: then all is planned."),
    ] = "",
    head: Annotated[
        str, typer.Option(metavar="REV", help="The commit to deploy; by default the files as they are.")
    ] = "",
    env: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="An environment, perhaps several times; by default all in a cloud."),
    ] = None,
    is_live: Annotated[
        bool, typer.Option("--live", help="Plan against the real state, with your own identity and without a lock.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write comment.md, report.md and report.json there; else it is printed."),
    ] = None,
    pages: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write ENV.html there, the page of `modelyard report` with what changes."),
    ] = None,
) -> None:
    """Show what a change does: the base on simulated providers, and the head planned against that.

    Exits with 1 if something cannot be planned, a policy denies it, or a month would cost more than its cap.
    """
    refuse_missing_tools()
    if not base and not is_live:
        raise ConfigurationError(
            "no base is given", mend="name the commit that is deployed: --base origin/main", where="--base"
        )
    redactor = Redactor(secrets_of_environment(ENVIRONMENTS))
    with tempfile.TemporaryDirectory(prefix="modelyard-preview-") as scratch, console.status("planning …"):
        folder = Path(scratch)
        revisions = Revisions(
            committed(base, folder / "base") if base else None,
            committed(head, folder / "head") if head else working_tree(),
        )
        names = env or revisions.environments()
        plugins = None if is_live else plugin_folders()
        previews = preview_all(revisions, names, folder / "work", redactor, plugins=plugins)
        if pages:
            _write_pages(previews, redactor, revisions, pages)
    _tell(previews, redactor, revisions, output, is_live=is_live)
    if any(each.has_failed or each.is_refused for each in previews):
        raise typer.Exit(1)


def _tell(
    previews: list[EnvironmentPreview],
    redactor: Redactor,
    revisions: Revisions,
    output: Path | None,
    *,
    is_live: bool,
) -> None:
    base, head = _names(revisions)
    whole = comment.report(previews, redactor, base=base, head=head)
    if output is None:
        print(whole)  # noqa: T201 - the answer, for a pipe as well
        return
    output.mkdir(parents=True, exist_ok=True)
    (output / "report.md").write_text(whole)
    (output / "comment.md").write_text(comment.comment(previews, redactor, base=base, head=head))
    data = record.record(previews, redactor, base=base, head=head, live=is_live)
    (output / "report.json").write_text(record.text(data))
    console.print(f"written: comment.md, report.md and report.json in {output}")


def _names(revisions: Revisions) -> tuple[str, str]:
    """What a person knows base and head by."""
    base = revisions.base.commit if revisions.base else "what is deployed"
    return base, revisions.head.commit + (" with uncommitted changes" if revisions.head.is_dirty else "")


def _write_pages(previews: list[EnvironmentPreview], redactor: Redactor, revisions: Revisions, pages: Path) -> None:
    """A page of each environment that synthesises."""
    # It takes time to import, for which no other command should wait.
    from report.previewed import page_of  # noqa: PLC0415 - see above

    base, head = _names(revisions)
    now = datetime.datetime.now(datetime.UTC)
    pages.mkdir(parents=True, exist_ok=True)
    for each in previews:
        if each.sides and each.sides.head:
            (pages / f"{each.name}.html").write_text(page_of(each, each.sides, redactor, now, base=base, head=head))
        else:
            console.print(f"no page of {each.name}: the head has no stacks of it")
