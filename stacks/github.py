"""How GitHub's workflows are told apart by what they may do: names that the clouds' stacks and the command share."""

from typing import Final, Literal, get_args

from stacks.settings import CloudSettings

Duty = Literal["plan", "images", "apply"]
#: What a workflow's job can be for; each duty has an identity of its own.
DUTIES: Final[tuple[Duty, ...]] = get_args(Duty)
#: Who signs the tokens of github.com's workflows; a GitHub Enterprise Server signs its own.
ISSUER: Final = "https://token.actions.githubusercontent.com"
#: The output of the stack `<env>-identities`: variables by GitHub environment.
OUTPUT: Final = "github_variables"


def github_environment(settings: CloudSettings, duty: Duty) -> str:
    """The GitHub environment that a job with this duty names: who may run it, and from where, is decided there."""
    return settings.name if duty == "apply" else f"{settings.name}-{duty}"
