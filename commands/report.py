"""`modelyard report`: one page that says what an environment is; no cloud and no cluster is asked."""

import datetime
import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from estate.rehearsal import Rehearsal
from stacks.environments import chosen_environment, load_settings
from stacks.paths import ROOT

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
    # They import CDKTF and start Node, which no other command should wait for.
    from report.checkout import report_of  # noqa: PLC0415 - see above
    from report.page import page  # noqa: PLC0415 - see above

    settings = load_settings(chosen_environment() if name is None else name)
    file = (output or Rehearsal.of(settings.name).page).absolute()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page(report_of(settings, datetime.datetime.now(datetime.UTC))))
    console.print(f"[bold green]report[/]: {file.relative_to(ROOT) if file.is_relative_to(ROOT) else file}")
    if is_opened:
        webbrowser.open(file.as_uri())
