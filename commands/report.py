"""`modelyard report`: one page that says what an environment is; no cloud and no cluster is asked."""

import datetime
import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commands.images import FOLDER
from commands.synthesis import in_passing
from estate.rehearsal import Rehearsal
from policies.kept import kept
from stacks.environments import chosen_environment, load_settings
from stacks.paths import ROOT
from stacks.settings import Settings

console = Console(highlight=False, soft_wrap=True)


def report(
    name: Annotated[str | None, typer.Argument(metavar="[ENV]", help="A file of environments/.")] = None,
    *,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write; by default .rehearsal/ENV/report.html.")
    ] = None,
    is_opened: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write a page with an environment's stacks, ways in, cost, dates, images and policies, as they are declared."""
    settings = load_settings(chosen_environment() if name is None else name)
    file = (output or Rehearsal.of(settings.name).page).absolute()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(written(settings, datetime.datetime.now(datetime.UTC)))
    console.print(f"[bold green]report[/]: {file.relative_to(ROOT) if file.is_relative_to(ROOT) else file}")
    if is_opened:
        webbrowser.open(file.as_uri())


def written(settings: Settings, now: datetime.datetime) -> str:
    """The page of an environment as this checkout declares it.

    Args:
        settings: Of the environment.
        now: What ages are reckoned from, and leases held against; in UTC.

    Raises:
        ConfigurationError: Something cannot be deployed, or the policies' exceptions are wrong.
    """
    # They take time to import, for which no other command should wait.
    from report.gather import Known, gather  # noqa: PLC0415 - see above
    from report.origins import origins, revision  # noqa: PLC0415 - see above
    from report.page import page  # noqa: PLC0415 - see above
    from report.policing import last_verdict  # noqa: PLC0415 - see above

    with in_passing(settings) as (app, estate):
        # It imports CDKTF, which has been started now.
        from report.notes import image_folders, notes  # noqa: PLC0415 - see above

        known = Known(
            settings=settings,
            estate=estate,
            made_at=now,
            revision=revision(),
            policies=last_verdict(settings, estate, kept(Rehearsal.of(settings.name).verdict)),
            notes=notes(app),
            origins=origins(image_folders(app), FOLDER),
        )
        return page(gather(known))
