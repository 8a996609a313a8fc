"""The one comment of a pull request's preview: found again, renewed, and hidden when it is outdated.

Found by its first line and by its author, for anybody can write that line. Renewed in place while it is the last word
of the conversation or speaks of the same commit; else people have answered it, and it is hidden as outdated with a new
one below. What a comment was written for stands in its second line, so that runs at the same time agree, without asking
each other, on which one stays.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from modelyard.errors import ConfigurationError

from github import Auth, Github, GithubRetry
from github.PullRequest import PullRequest
from github.Repository import Repository
from github.WorkflowRun import WorkflowRun

from preview.comment_format import MARKER

#: The workflow whose runs are commented on.
PREVIEW: Final = ".github/workflows/preview.yml"
_ORIGIN = re.compile(r"<!-- run (?P<run>\d+)\.(?P<attempt>\d+) of (?P<commit>[0-9a-f]{40,64}) -->")
# Requests are tried again after 502, and when GitHub says when; nobody waits longer than this for a comment.
_LONGEST_WAIT_SECONDS = 60
_TRIES = 5
_CONVERSATION = """
query ($owner: String!, $name: String!, $number: Int!, $after: String) {
  viewer { login }
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      id
      state
      headRefOid
      comments(first: 100, after: $after) {
        nodes { id databaseId body isMinimized author { __typename login } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""


@dataclass(frozen=True, order=True)
class _Origin:
    """The run that a comment was written by: a later one, or a later attempt, is greater."""

    run: int
    attempt: int
    commit: str

    def line(self) -> str:
        return f"<!-- run {self.run}.{self.attempt} of {self.commit} -->"


@dataclass(frozen=True)
class _Comment:
    node: str
    number: int
    body: str
    is_hidden: bool
    is_ours: bool

    @property
    def origin(self) -> _Origin | None:
        found = _ORIGIN.match(self.body.partition("\n")[2])
        return _Origin(int(found["run"]), int(found["attempt"]), found["commit"]) if found else None

    def age(self) -> tuple[int, int, int]:
        origin = self.origin
        return (origin.run, origin.attempt, self.number) if origin else (0, 0, self.number)


@dataclass(frozen=True)
class _Conversation:
    node: str
    is_open: bool
    head: str
    comments: list[_Comment]

    def live(self) -> list[_Comment]:
        """Our comments that are shown, the latest run's last."""
        return sorted((each for each in self.comments if each.is_ours and not each.is_hidden), key=_Comment.age)


def connect(token: str, api: str) -> Github:
    """Gives a client that tries again where that helps, and for no longer than some minutes.

    Args:
        token: May read the repository's runs and write to its pull requests.
        api: The address of the REST API, GITHUB_API_URL; that of GraphQL follows from it.
    """
    retry = GithubRetry(
        total=_TRIES,
        backoff_factor=0.5,
        status_forcelist=[429, *range(500, 600)],
        secondary_rate_wait=_LONGEST_WAIT_SECONDS,
        max_rate_limit_wait=_LONGEST_WAIT_SECONDS,
        retry_after_max=_LONGEST_WAIT_SECONDS,
    )
    # Without pauses: a comment takes half a dozen requests.
    return Github(
        auth=Auth.Token(token), base_url=api, retry=retry, seconds_between_requests=0, seconds_between_writes=0
    )


def post(github: Github, repository: str, run_id: int, text: str | None) -> str:
    """Makes `text` the pull request's live comment; says in a sentence what was done.

    Nothing is posted for a pull request that is closed or has moved on to another commit. Without a text, what speaks
    of earlier commits is hidden: nobody should take it for what this one does.

    Args:
        github: From `connect`.
        repository: `owner/name`.
        run_id: The run of the preview's workflow that wrote the text. From it follows the pull request.
        text: Harmless, at most `LONGEST` characters, its first line the marker; None if the run has left none.

    Raises:
        ConfigurationError: The run is not one of the preview on a pull request.
        github.GithubException: GitHub refuses, or does not answer for too long.
    """
    place = github.get_repo(repository)
    run = place.get_workflow_run(run_id)
    if run.event != "pull_request" or run.path.partition("@")[0] != PREVIEW:
        raise ConfigurationError(
            f"run {run_id} is of {run.path} on {run.event}", mend=f"name a run of {PREVIEW} on a pull_request"
        )
    pull = _pull_request(place, run)
    if pull is None:
        return f"nothing posted: no open pull request to {place.default_branch} comes from this run's branch"
    origin = _Origin(run.id, run.run_attempt, run.head_sha)
    body = None if text is None else f"{MARKER}\n{origin.line()}\n{_heading(run)}\n{text.removeprefix(MARKER)}"
    return f"#{pull.number}: {_converge(github, pull, origin, body)}"


def _pull_request(place: Repository, run: WorkflowRun) -> PullRequest | None:
    """The one that the run belongs to; of forks' runs GitHub does not tell it. A branch has one to the same base."""
    if not run.head_repository:
        return None  # the fork is gone
    of_branch = place.get_pulls(
        state="open", base=place.default_branch, head=f"{run.head_repository.owner.login}:{run.head_branch}"
    )
    return next(
        (pull for pull in of_branch if pull.head.repo is not None and pull.head.repo.id == run.head_repository.id), None
    )


def _heading(run: WorkflowRun) -> str:
    commit = f"{run.repository.html_url}/commit/{run.head_sha}"
    return (
        f"<sub>Written by the code of [`{run.head_sha[:7]}`]({commit}) itself, in [this run]({run.html_url}), which "
        "keeps the whole report.</sub>\n"
    )


def _converge(github: Github, pull: PullRequest, origin: _Origin, body: str | None) -> str:
    before = _conversation(github, pull)
    if not before.is_open or before.head != origin.commit:
        return "nothing posted: closed, or at another commit by now"
    done = "nothing posted: the run has left no comment" if body is None else _write(github, before, origin, body)
    return f"{done}, {_hide_outdated(github, pull)} hidden as outdated"


def _write(github: Github, before: _Conversation, origin: _Origin, body: str) -> str:
    latest = before.live()[-1] if before.live() else None
    is_same_commit = latest is not None and latest.origin is not None and latest.origin.commit == origin.commit
    if latest and latest.origin and is_same_commit and latest.origin > origin:
        return "nothing posted: a later run has commented"
    if latest and (is_same_commit or latest.number == before.comments[-1].number):
        _change(github, "updateIssueComment", {"id": latest.node, "body": body}, "issueComment { id }")
        return "renewed"
    _change(github, "addComment", {"subjectId": before.node, "body": body}, "commentEdge { node { id } }")
    return "commented"


def _hide_outdated(github: Github, pull: PullRequest) -> int:
    """Leaves the latest run's comment on the commit that the pull request has by now; that may be another one's."""
    after = _conversation(github, pull)
    live = after.live()
    current = [each for each in live if each.origin and each.origin.commit == after.head]
    outdated = [each for each in live if each not in current[-1:]]
    for each in outdated:
        change = {"subjectId": each.node, "classifier": "OUTDATED"}
        _change(github, "minimizeComment", change, "minimizedComment { isMinimized }")
    return len(outdated)


def _change(github: Github, mutation: str, change: dict[str, Any], answer: str) -> None:
    github.requester.graphql_named_mutation(mutation, change, answer)


def _conversation(github: Github, pull: PullRequest) -> _Conversation:
    pages = list(_pages(github, pull))
    viewer, first = pages[0]
    comments = [_comment(each, viewer) for _, page in pages for each in page["comments"]["nodes"]]
    return _Conversation(first["id"], first["state"] == "OPEN", first["headRefOid"], comments)


def _pages(github: Github, pull: PullRequest) -> Iterator[tuple[str, dict[str, Any]]]:
    owner, _, name = pull.base.repo.full_name.partition("/")
    after = None
    while True:
        variables = {"owner": owner, "name": name, "number": pull.number, "after": after}
        _, answer = github.requester.graphql_query(_CONVERSATION, variables)
        page = answer["data"]["repository"]["pullRequest"]
        yield answer["data"]["viewer"]["login"], page
        if not page["comments"]["pageInfo"]["hasNextPage"]:
            return
        after = page["comments"]["pageInfo"]["endCursor"]


def _comment(node: dict[str, Any], viewer: str) -> _Comment:
    # GitHub names an app `name[bot]` as the one who asks, and `name` of the kind Bot as an author.
    author = node["author"] or {}
    name = f"{author['login']}[bot]" if author.get("__typename") == "Bot" else author.get("login")
    is_ours = name == viewer and node["body"].startswith(f"{MARKER}\n")
    return _Comment(node["id"], node["databaseId"], node["body"], node["isMinimized"], is_ours)
