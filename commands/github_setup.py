"""The lines that make GitHub environments with their rules and variables, for a person to read and run."""

from collections.abc import Iterator, Mapping, Sequence
from shlex import join, quote

from stacks.github import DUTIES, Duty, github_environment
from stacks.settings import CloudSettings, GithubSettings

Variables = Mapping[str, str]
# What a person wants to know of an environment before it is made.
_PURPOSES: Mapping[Duty, str] = {
    "plan": "reads the cloud, the states and the cluster",
    "images": "pushes images",
    "apply": "deploys; each job waits for a reviewer",
}
# From commits that have been merged, whatever a workflow's file says.
_BRANCH = "main"


def rule_lines(settings: CloudSettings, github: GithubSettings, reviewers: Sequence[str]) -> Iterator[str]:
    """Lines of a shell script that asks `gh`, GitHub's command line, for environments which take one branch only.

    Args:
        settings: Of the environment.
        github: Its table.
        reviewers: Logins of those who may let a deploy go; none means whoever runs the lines.
    """
    yield f"# For somebody who administers {github.repository}, after `gh auth login`."
    if settings.cloud == "aks":
        yield from _subject(github)
    for duty in DUTIES:
        environment = github_environment(settings, duty)
        path = f"repos/{github.repository}/environments/{environment}"
        kind = "deployment_branch_policy"
        yield f"# {environment}: {_PURPOSES[duty]}"
        put = _api("PUT", path, [f"{kind}[protected_branches]=false", f"{kind}[custom_branch_policies]=true"])
        yield " ".join([put, *(_reviewers(reviewers) if duty == "apply" else ())])
        yield _api("POST", f"{path}/deployment-branch-policies", [f"name={_BRANCH}", "type=branch"])


def variable_lines(
    settings: CloudSettings, github: GithubSettings, variables: Mapping[str, Variables]
) -> Iterator[str]:
    """Lines that set the variables of the environments, which are no secrets.

    Args:
        settings: Of the environment.
        github: Its table.
        variables: Of each GitHub environment, as the stack `<env>-identities` gives them.
    """
    yield f"# For somebody who administers {github.repository}, after `gh auth login`. None of it is a secret."
    for environment in (github_environment(settings, duty) for duty in DUTIES):
        for name, value in variables[environment].items():
            place = ["--repo", github.repository, "--env", environment]
            yield join(["gh", "variable", "set", name, *place, "--body", value])


def _subject(github: GithubSettings) -> Iterator[str]:
    path = f"repos/{github.repository}/actions/oidc/customization/sub"
    yield "# Entra compares the subjects of tokens; those of older repositories have names only, and get numbers."
    yield _api("PUT", path, ["use_default=true", "use_immutable_subject=true"])
    ask = join(["gh", "api", path, "--jq", ".sub_claim_prefix"])
    yield f'[ "$({ask})" = {quote(github.subject)} ] || echo "error: subjects do not begin so: {github.subject}" >&2'


def _reviewers(logins: Sequence[str]) -> Iterator[str]:
    for user in [f"users/{login}" for login in logins] or ["user"]:
        # GitHub wants their numbers.
        ask = join(["gh", "api", user, "--jq", ".id"])
        yield f"""-F 'reviewers[][type]=User' -F "reviewers[][id]=$({ask})\""""
    if len(logins) > 1:
        yield "-F prevent_self_review=true"


def _api(method: str, path: str, fields: Sequence[str]) -> str:
    flags = [part for field in fields for part in ("-F", field)]
    return join(["gh", "api", "--silent", "--method", method, path, *flags])
