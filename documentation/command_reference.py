"""docs/reference/commands.md: what `modelyard --help` says, of all commands."""

import html
import re
from typing import Any

import typer.cli
from typer.models import Context

from commands.app import app

_USAGE = re.compile(r"\*\*Usage\*\*:\n\n```console\n\$ (?P<usage>.*)\n```")
_HELP = re.compile(r"^\* `--help`: .*\n", re.MULTILINE)
_EXITS = """\
## Exit codes

| code | of | when |
|---|---|---|
| 0 | all | done |
| 1 | all | failed, or refused: the message says why, and the mend |
| 1 | `cost`, `policies`, `preview`, `sweep` | complete, and says no: above the cap, denied, not plannable, left |
| 2 | all | wrong arguments |
| 130 | `up`, `teardown`, `adopt` | interrupted: run it again |
"""


def command_reference() -> str:
    """The page, from the commands' own help."""
    command = typer.main.get_command(app)
    _show_whole_lines(command)
    written = typer.cli.get_docs_for_click(obj=command, ctx=Context(command), name="modelyard", title="Commands")
    text = _HELP.sub("", _USAGE.sub(r"Usage: `\g<usage>`", html.unescape(written)))
    # Tables of options that had `--help` alone.
    text = re.sub(r"\*\*Options\*\*:\n\n(?!\*)", "", text)
    note = "Written by `make docs` from the commands' own help, which `modelyard COMMAND --help` prints too."
    text = text.replace("# Commands\n", f"# Commands\n\n{note}\n", 1)
    return re.sub(r"\n{3,}", "\n\n", f"{text.strip()}\n\n{_EXITS}")


def _show_whole_lines(command: Any) -> None:  # noqa: ANN401 - typer does not export the types of its commands
    """Lists of commands have the first paragraph of each one's help, which would be cut after 45 characters."""
    for each in getattr(command, "commands", {}).values():
        each.short_help = (each.help or "").partition("\n\n")[0].replace("\n", " ")
        _show_whole_lines(each)
