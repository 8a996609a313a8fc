"""`modelyard identities`: binds an environment to a GitHub repository, and prints what sets the repository up."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from modelyard.errors import ConfigurationError

import tomlkit
import typer
from rich.console import Console

from commands.environment_file import edited
from commands.github_setup import Variables, rule_lines, variable_lines
from commands.remote_state import opened
from stacks.environments import load_cloud_settings
from stacks.github import OUTPUT
from stacks.settings import CloudSettings, GithubSettings
from terraform_cli.locks import Backend

if TYPE_CHECKING:
    from doctor.github_repository import Repository

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
Rules = Annotated[
    bool, typer.Option("--rules", help="Print what makes the GitHub environments: run it before the cloud trusts them.")
]
Reviewers = Annotated[
    list[str] | None,
    typer.Option("--reviewer", metavar="LOGIN", help="With --rules: who may let deploys go; else who runs it."),
]


def identities(
    environment: Environment,
    *,
    repository: Name = None,
    repository_id: RepositoryId = None,
    owner_id: OwnerId = None,
    rules: Rules = False,
    reviewer: Reviewers = None,
) -> None:
    """Bind an environment to a GitHub repository; else print the lines that set its variables there."""
    settings = load_cloud_settings(environment)
    if repository is None:
        github = _bound(settings)
        lines = rule_lines(settings, github, reviewer or []) if rules else _variable_lines(settings, github)
        # For a shell, not for a person's screen: nothing is wrapped or coloured.
        print("\n".join(lines))  # noqa: T201 - see above
        return
    found = _repository(repository, repository_id, owner_id)
    _record(environment, found)
    stacks = " ".join(settings.stack_id(part) for part in _PARTS)
    console.print(
        f"recorded in environments/{environment}.toml: {found.name}, repository {found.id} of owner {found.owner_id}\n"
        "commit it, then go on, in this order (docs/identities.md):\n"
        f"    modelyard identities {environment} --rules    # lines for who administers the repository\n"
        f"    MODELYARD_ENV={environment} npx cdktf deploy {stacks}    # as who may give roles in the cloud\n"
        f"    modelyard identities {environment}    # lines again"
    )


def _repository(name: str, repository_id: int | None, owner_id: int | None) -> "Repository":
    # It imports an HTTP client, which no other command should wait for.
    from doctor.github_repository import PUBLIC_API, Repository, api_url, look_up  # noqa: PLC0415 - see above

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


def _bound(settings: CloudSettings) -> GithubSettings:
    if settings.github is None:
        raise ConfigurationError(
            f"no repository may act in {settings.name}",
            mend=f"modelyard identities {settings.name} --repository OWNER/NAME",
            where=f"environments/{settings.name}.toml: {_TABLE}",
        )
    return settings.github


def _variable_lines(settings: CloudSettings, github: GithubSettings) -> Iterator[str]:
    # It imports CDKTF, which no other command should wait for.
    from stacks.platform import state_store_of  # noqa: PLC0415 - see above

    store, stack = state_store_of(settings), settings.stack_id("identities")
    return variable_lines(settings, github, variables_in({store.backend: store.arguments(stack)}, stack))


def variables_in(backend: Backend, stack: str) -> dict[str, Variables]:
    """The variables of each GitHub environment, from the state of the stack that made its identity.

    Raises:
        ConfigurationError: The stack is not deployed, or its state cannot be read.
    """
    with opened(backend) as state:
        outputs: dict[str, Any] = state.pull().get("outputs", {})
    if OUTPUT not in outputs:
        raise ConfigurationError(
            f"{stack} is not deployed", mend="deploy it with the stacks that it stands on: docs/identities.md, step 3"
        )
    return dict(outputs[OUTPUT]["value"])
