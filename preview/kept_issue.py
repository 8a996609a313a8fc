"""The one issue that speaks of a matter: found by its first line, renewed while it lasts, closed when it is over."""

from dataclasses import dataclass
from typing import Final

from github import Github
from github.Issue import Issue

_AUTHOR: Final = "github-actions[bot]"


@dataclass(frozen=True)
class Kept:
    """What was done.

    Attributes:
        renewed: The open issue, with its former text; None if it was opened or closed.
        says: In words: `issue #2 opened`, `1 issues closed`.
    """

    renewed: tuple[Issue, str] | None
    says: str


def keep(github: Github, repository: str, marker: str, title: str, text: str | None) -> Kept:
    """Opens, renews or closes the issue.

    Args:
        github: From `preview.github_comment.connect`; may write issues.
        repository: `owner/name`.
        marker: The first line of the issue's text, which no other matter has.
        title: Of the issue.
        text: What follows the marker, at most `LONGEST` characters; None when the matter is over.
    """
    place = github.get_repo(repository)
    found = [each for each in place.get_issues(state="open") if _is_ours(each, marker)]
    if text is None:
        for each in found:
            each.edit(state="closed", state_reason="completed")
        return Kept(None, f"{len(found)} issues closed")
    body = f"{marker}\n{text}"
    if not found:
        return Kept(None, f"issue #{place.create_issue(title, body).number} opened")
    before = found[0].body.removeprefix(f"{marker}\n")
    found[0].edit(title=title, body=body)
    return Kept((found[0], before), f"issue #{found[0].number} renewed")


def _is_ours(issue: Issue, marker: str) -> bool:
    # Pull requests are issues too; anybody can write the marker into theirs.
    is_issue = issue.pull_request is None
    return is_issue and issue.user.login == _AUTHOR and (issue.body or "").startswith(f"{marker}\n")
