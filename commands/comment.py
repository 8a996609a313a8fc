"""`modelyard comment`: posts what an untrusted job has written, from a trusted one that runs none of its code."""

import os
from pathlib import Path
from typing import Annotated

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console

from preview.untrusted_comment import harmless, read_comment

console = Console(highlight=False, soft_wrap=True)


def comment(
    *,
    folder: Annotated[Path, typer.Option("--from", metavar="DIR", help="Where the preview's comment.md is.")],
    repository: Annotated[str, typer.Option(metavar="OWNER/NAME", help="Whose pull request it is.")],
    run: Annotated[int, typer.Option(metavar="ID", help="The run that wrote it.")],
) -> None:
    """Make a preview the pull request's one live comment; GITHUB_TOKEN, GITHUB_API_URL say where and as whom."""
    token = os.environ.get("GITHUB_TOKEN")
    if not token:
        raise ConfigurationError(
            "GITHUB_TOKEN is not set", mend="set a token that may read actions and write pull requests"
        )
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    text = harmless(read_comment(folder), repository=f"{server}/{repository}")

    # A third of a second of imports, which no other command should wait for.
    from github import GithubException  # noqa: PLC0415 - see above

    from preview.github_comment import connect, post  # noqa: PLC0415 - see above

    try:
        done = post(connect(token, os.environ.get("GITHUB_API_URL", "https://api.github.com")), repository, run, text)
    except GithubException as error:
        raise ConfigurationError(
            f"GitHub answers {error.status}: {error.message or error.data}",
            mend="see that the token may read actions and write pull requests, then run it again",
        ) from error
    console.print(done)
