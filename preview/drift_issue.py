"""The one issue that says how an environment differs from main."""

from typing import Final

from github import Github
from github.Issue import Issue

from preview.comment_format import MARKER

_AUTHOR: Final = "github-actions[bot]"


def keep_issue(github: Github, repository: str, environment: str, text: str | None) -> str:
    """Opens, renews or closes the environment's issue; says in a sentence what was done.

    Args:
        github: From `preview.github_comment.connect`; may write issues.
        repository: `owner/name`.
        environment: Its name.
        text: What differs, at most `LONGEST` characters; None when nothing does.
    """
    place = github.get_repo(repository)
    marker = f"<!-- modelyard drift {environment} -->"
    found = [each for each in place.get_issues(state="open") if _is_ours(each, marker)]
    if text is None:
        for each in found:
            each.edit(state="closed", state_reason="completed")
        return f"{environment} is as main says, {len(found)} issues closed"
    title = f"{environment} differs from main"
    body = f"{marker}\n{text.removeprefix(MARKER).lstrip()}"
    if not found:
        return f"{environment} differs, issue #{place.create_issue(title, body).number} opened"
    found[0].edit(title=title, body=body)
    return f"{environment} differs, issue #{found[0].number} renewed"


def _is_ours(issue: Issue, marker: str) -> bool:
    # Pull requests are issues too; anybody can write the marker into theirs.
    is_issue = issue.pull_request is None
    return is_issue and issue.user.login == _AUTHOR and (issue.body or "").startswith(f"{marker}\n")
