"""`modelyard doctor`: what a machine and an environment lack before a deploy, each with its mend."""

import json
from typing import Annotated

import typer
from rich.console import Console

from doctor.report import as_json, has_failed, lines, summary
from stacks.environments import environment_names

console = Console(highlight=False, soft_wrap=True)

Environment = Annotated[
    str | None, typer.Argument(metavar="[ENV]", help="A file of environments/; without it, only this machine.")
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def doctor(environment: Environment = None, *, is_json: Json = False) -> None:
    """Say what is missing here for a deploy, and how to mend it; exits with 1 if something would stop one."""
    if environment is not None and environment not in environment_names():
        raise typer.BadParameter(f"{environment!r} is none of {', '.join(environment_names())}", param_hint="ENV")
    # They import the client libraries of clusters, which no other command should wait for.
    from doctor.check import run  # noqa: PLC0415 - see above
    from doctor.examination import checks  # noqa: PLC0415 - see above

    with console.status("looks …"):
        results = run(list(checks(environment)))
    if is_json:
        typer.echo(json.dumps(as_json(results, environment), indent=2))
    else:
        for line in lines(results):
            console.print(line)
        console.print(summary(results))
    if has_failed(results):
        raise typer.Exit(1)
