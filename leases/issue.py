"""The one issue that warns of the end of an environment's lease."""

import datetime

from github import Github

from leases.lease import Lease, Standing
from leases.times import shown
from preview.kept_issue import keep


def keep_lease_issue(
    github: Github, repository: str, environment: str, lease: Lease | None, standing: Standing | None
) -> str:
    """Opens, renews or closes the environment's issue; says in a sentence what was done.

    A change of what it says is a comment besides, for whom GitHub tells of comments only.

    Args:
        github: From `preview.github_comment.connect`; may write issues.
        repository: `owner/name`.
        environment: Its name.
        lease: Its lease, None without one.
        standing: How far that is.
    """
    text = _text(lease, standing) if lease and standing else None
    title = f"The lease of {environment} ends at {shown(lease.expires_at)}" if lease else ""
    kept = keep(github, repository, f"<!-- modelyard lease {environment} -->", title, text)
    if kept.renewed and text:
        issue, before = kept.renewed
        if before == text:
            return f"{environment}: issue #{issue.number} says it already"
        issue.create_comment(text)
    return f"{environment}: {kept.says}"


def _text(lease: Lease, standing: Standing) -> str | None:
    """What the issue says; it changes with lease and standing only."""
    name = lease.environment
    prolong = f"Prolong it by a commit to main: `modelyard lease {name} --for 8h`. Or keep it for good: `--end`."
    end = f"`{name}` has a lease until **{shown(lease.expires_at)}**"
    match standing:
        case Standing.RUNNING:
            return None
        case Standing.DUE if lease.is_protected:
            return (
                f"{end}, which is over. It is protected, and therefore stays, and is billed.\n\n{prolong} "
                f"To let it go: `modelyard protection lift {name} --reason …`.\n"
            )
        case Standing.DUE:
            return (
                f"{end}, which is over: cluster, add-ons and services are torn down, volumes are kept as snapshots, as "
                f"soon as a reviewer of the GitHub environment `{name}` lets the workflow `expiry` do it.\n\n"
                f"{prolong}\n"
            )
        case Standing.LAST_HOURS:
            hurry = "It is almost over. "
        case Standing.ENDING:
            hurry = ""
    goes = (
        "It is protected, and will stay all the same."
        if lease.is_protected
        else "Then cluster, add-ons and services are torn down; volumes are kept as snapshots."
    )
    return f"{end}. {hurry}{goes}\n\n{prolong}\n"


def keep_all(
    github: Github,
    repository: str,
    leases: dict[str, Lease | None],
    now: datetime.datetime,
    ahead: datetime.timedelta,
) -> list[str]:
    """The issues of some environments; see `keep_lease_issue`."""
    return [
        keep_lease_issue(github, repository, name, lease, lease.standing(now, ahead) if lease else None)
        for name, lease in leases.items()
    ]
