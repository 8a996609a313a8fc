"""The one issue that says how an environment differs from main."""

from github import Github

from preview.comment_format import MARKER
from preview.kept_issue import keep


def keep_issue(github: Github, repository: str, environment: str, text: str | None) -> str:
    """Opens, renews or closes the environment's issue; says in a sentence what was done.

    Args:
        github: From `preview.github_comment.connect`; may write issues.
        repository: `owner/name`.
        environment: Its name.
        text: What differs, at most `LONGEST` characters; None when nothing does.
    """
    kept = keep(
        github,
        repository,
        f"<!-- modelyard drift {environment} -->",
        f"{environment} differs from main",
        None if text is None else text.removeprefix(MARKER).lstrip(),
    )
    return f"{environment} {'is as main says' if text is None else 'differs'}, {kept.says}"
