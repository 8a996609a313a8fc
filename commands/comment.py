"""`modelyard comment`: posts what an untrusted job has written, from a trusted one that runs none of its code."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console

from preview.untrusted_comment import FILE, harmless, read_comment

if TYPE_CHECKING:
    from github import Github

console = Console(highlight=False, soft_wrap=True)


def comment(
    *,
    folder: Annotated[Path, typer.Option("--from", metavar="DIR", help="Where the preview's comment.md is.")],
    repository: Annotated[str, typer.Option(metavar="OWNER/NAME", help="Whose pull request it is.")],
    run: Annotated[int, typer.Option(metavar="ID", help="The workflow's run that wrote it.")],
) -> None:
    """Make a preview the pull request's one live comment; GITHUB_TOKEN says as whom."""
    with connected() as github:
        from preview.github_comment import post  # noqa: PLC0415 - as in `connected`

        try:
            text = _text(folder, repository)
        except ConfigurationError:
            post(github, repository, run, None)
            raise
        console.print(post(github, repository, run, text))


def _text(folder: Path, repository: str) -> str | None:
    if not os.path.lexists(folder / FILE):
        return None
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    return harmless(read_comment(folder), repository=f"{server}/{repository}")


@contextmanager
def connected() -> Iterator["Github"]:
    """Gives GitHub's API as GITHUB_API_URL and GITHUB_TOKEN name it.

    Raises:
        ConfigurationError: There is no token; or GitHub refuses what is asked of it meanwhile.
    """
    token = os.environ.get("GITHUB_TOKEN")
    if not token:
        raise ConfigurationError("GITHUB_TOKEN is not set", mend="set the token of the job")
    # A third of a second of imports, for which no other command should wait.
    from github import GithubException  # noqa: PLC0415 - see above

    from preview.github_comment import connect  # noqa: PLC0415 - see above

    try:
        yield connect(token, os.environ.get("GITHUB_API_URL", "https://api.github.com"))
    except GithubException as error:
        raise ConfigurationError(
            f"GitHub answers {error.status}: {error.message or error.data}",
            mend="see what the job's permissions allow, then run it again",
        ) from error
