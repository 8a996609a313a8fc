"""`modelyard identities`: binds an environment to a GitHub repository, then says how to set the repository up."""

from typing import TYPE_CHECKING, Annotated, Any

from modelyard.errors import ConfigurationError

import tomlkit
import typer
from rich.console import Console

from commands.environment_file import edited
from commands.github_setup import Variables, setup_lines
from commands.remote_state import Backend, opened
from stacks.environments import load_cloud_settings
from stacks.github import OUTPUT
from stacks.settings import CloudSettings

if TYPE_CHECKING:
    from commands.github_repository import Repository

console = Console(highlight=False, soft_wrap=True)
_TABLE = "github"
_COMMENT = "Whose workflows may act here: docs/identities.md. The numbers are what is trusted."
# What the identities have roles on, in order, and themselves.
_PARTS = ("state", "registry", "artifacts", "identities")

Environment = Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/.")]
Name = Annotated[
    str | None,
    typer.Option("--repository", metavar="OWNER/NAME", help="Trust its workflows; GitHub is asked for its numbers."),
]
RepositoryId = Annotated[
    int | None, typer.Option(metavar="NUMBER", help="The repository's number; GitHub is not asked.")
]
OwnerId = Annotated[int | None, typer.Option(metavar="NUMBER", help="Its owner's number, beside the former.")]
Reviewers = Annotated[
    list[str] | None,
    typer.Option("--reviewer", metavar="LOGIN", help="Who may let deploys go; else who runs the lines."),
]


def identities(
    environment: Environment,
    *,
    repository: Name = None,
    repository_id: RepositoryId = None,
    owner_id: OwnerId = None,
    reviewer: Reviewers = None,
) -> None:
    """Bind the environment to a GitHub repository; without --repository, print what sets that repository up."""
    settings = load_cloud_settings(environment)
    if repository is None:
        _print_setup(settings, reviewer or [])
        return
    found = _repository(repository, repository_id, owner_id)
    _record(environment, found)
    stacks = " ".join(settings.stack_id(part) for part in _PARTS)
    console.print(
        f"recorded in environments/{environment}.toml: {found.name}, repository {found.id} of owner {found.owner_id}\n"
        "commit it, then, as somebody who may give roles in the cloud:\n"
        f"    MODELYARD_ENV={environment} npx cdktf deploy {stacks}\n"
        f"    modelyard identities {environment}"
    )


def _repository(name: str, repository_id: int | None, owner_id: int | None) -> "Repository":
    # It imports an HTTP client, which no other command should wait for.
    from commands.github_repository import PUBLIC_API, Repository, api_url, look_up  # noqa: PLC0415 - see above

    if repository_id is None and owner_id is None:
        if (url := api_url()) != PUBLIC_API:
            console.print(f"[yellow]asking {url}[/]: another GitHub's numbers are somebody else's on github.com")
        return look_up(name)
    if repository_id is None or owner_id is None:
        raise ConfigurationError("one of the two numbers is missing", mend="give both --repository-id and --owner-id")
    return Repository(name, repository_id, owner_id)


def _record(environment: str, found: "Repository") -> None:
    numbers = {"repository": found.name, "repository_id": found.id, "repository_owner_id": found.owner_id}
    with edited(environment) as document:
        if (table := document.get(_TABLE)) is None:
            table = tomlkit.table()
            table.add(tomlkit.comment(_COMMENT))
            document.add(tomlkit.nl())
            document.add(_TABLE, table)
        table.update(numbers)


def _print_setup(settings: CloudSettings, reviewers: list[str]) -> None:
    if settings.github is None:
        raise ConfigurationError(
            f"no repository may act in {settings.name}",
            mend=f"modelyard identities {settings.name} --repository OWNER/NAME",
            where=f"environments/{settings.name}.toml: {_TABLE}",
        )
    # It imports CDKTF, which no other command should wait for.
    from stacks.platform import state_store_of  # noqa: PLC0415 - see above

    store, stack = state_store_of(settings), settings.stack_id("identities")
    variables = variables_in({store.backend: store.arguments(stack)}, stack)
    # For a shell, not for a person's screen: nothing is wrapped or coloured.
    print("\n".join(setup_lines(settings, settings.github, variables, reviewers)))  # noqa: T201 - see above


def variables_in(backend: Backend, stack: str) -> dict[str, Variables]:
    """The variables of each GitHub environment, from the state of the stack that made its identity.

    Raises:
        ConfigurationError: The stack is not deployed, or its state cannot be read.
    """
    with opened(backend) as state:
        outputs: dict[str, Any] = state.pull().get("outputs", {})
    if OUTPUT not in outputs:
        raise ConfigurationError(
            f"{stack} is not deployed", mend=f"npx cdktf deploy {stack}, as docs/identities.md says"
        )
    return dict(outputs[OUTPUT]["value"])
