"""The lines that make GitHub environments with their rules and variables, for a person to read and run."""

from collections.abc import Iterator, Mapping, Sequence
from shlex import join, quote

from stacks.github import DUTIES, Duty, github_environment
from stacks.settings import CloudSettings, GithubSettings

Variables = Mapping[str, str]
# What a person wants to know of an environment before it is made.
_RULES: Mapping[Duty, str] = {
    "plan": "reads the cloud, the state and the cluster",
    "images": "pushes images",
    "apply": "deploys; each job waits for a reviewer",
}
# From commits that have been merged, whatever a workflow's file says.
_BRANCH = "main"


def setup_lines(
    settings: CloudSettings, github: GithubSettings, variables: Mapping[str, Variables], reviewers: Sequence[str]
) -> Iterator[str]:
    """Lines of a shell script that asks `gh`, GitHub's command line, for everything; running it again is no error.

    Args:
        settings: Of the environment.
        github: Its table.
        variables: Of each GitHub environment, as the stack `<env>-identities` gives them.
        reviewers: Logins of those who may let a deploy go; none means whoever runs the lines.
    """
    repository = github.repository
    yield f"# For somebody who administers {repository}, with `gh auth login` done. None of it is a secret."
    if settings.cloud == "aks":
        yield from _subject(github)
    for duty in DUTIES:
        environment = github_environment(settings, duty)
        yield ""
        yield f"# {environment}: {_RULES[duty]}"
        yield from _environment(
            f"repos/{repository}/environments/{environment}", reviewers if duty == "apply" else None
        )
        for name, value in variables[environment].items():
            yield join(["gh", "variable", "set", name, "--repo", repository, "--env", environment, "--body", value])


def _subject(github: GithubSettings) -> Iterator[str]:
    path = f"repos/{github.repository}/actions/oidc/customization/sub"
    yield ""
    yield "# Entra compares the subject of a token, in which older repositories have names only."
    yield _api("PUT", path, ["use_default=true", "use_immutable_subject=true"])
    ask = join(["gh", "api", path, "--jq", ".sub_claim_prefix"])
    yield f'[ "$({ask})" = {quote(github.subject)} ] || echo "error: subjects do not begin so: {github.subject}" >&2'


def _environment(path: str, reviewers: Sequence[str] | None) -> Iterator[str]:
    fields = [
        "deployment_branch_policy[protected_branches]=false",
        "deployment_branch_policy[custom_branch_policies]=true",
    ]
    yield " ".join([_api("PUT", path, fields), *_reviewers(reviewers)])
    yield _api("POST", f"{path}/deployment-branch-policies", [f"name={_BRANCH}", "type=branch"])


def _reviewers(reviewers: Sequence[str] | None) -> Iterator[str]:
    if reviewers is None:
        return
    for user in [f"users/{login}" for login in reviewers] or ["user"]:
        # GitHub wants their numbers.
        ask = join(["gh", "api", user, "--jq", ".id"])
        yield f"""-F 'reviewers[][type]=User' -F "reviewers[][id]=$({ask})\""""
    if len(reviewers) > 1:
        yield "-F prevent_self_review=true"


def _api(method: str, path: str, fields: Sequence[str]) -> str:
    return join(
        ["gh", "api", "--silent", "--method", method, path, *(part for field in fields for part in ("-F", field))]
    )
