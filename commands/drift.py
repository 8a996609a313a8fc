"""`modelyard drift`: an issue for each environment that is not what main says."""

import json
import os
from pathlib import Path
from typing import Annotated

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console

from commands.comment import connected
from preview.untrusted_comment import harmless, read_comment

console = Console(highlight=False, soft_wrap=True)


def drift(
    name: Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/.")],
    *,
    folder: Annotated[Path, typer.Option("--from", metavar="DIR", help="What `modelyard preview --live` has written.")],
    repository: Annotated[str, typer.Option(metavar="OWNER/NAME", help="Whose issue it is.")],
) -> None:
    """Open, renew or close the issue that says how an environment differs; GITHUB_TOKEN says as whom."""
    report = folder / "report.json"
    if not report.is_file():
        raise ConfigurationError(f"there is no {report}", mend=f"modelyard preview --live --env {name} …")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    # What stands in the cloud was not all written by friends, and pings nobody either.
    text = harmless(read_comment(folder), repository=f"{server}/{repository}")
    differs = bool(json.loads(report.read_text())["changes"])
    with connected() as github:
        # They take a third of a second to import, for which no other command should wait.
        from preview.drift_issue import keep_issue  # noqa: PLC0415 - see above

        console.print(keep_issue(github, repository, name, text if differs else None))
