"""The comment's life on a pull request, against GitHub's API as tests/fake_github.py serves it."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from modelyard.errors import ConfigurationError

import github
import pytest

from preview.comment_format import LONGEST, MARKER
from preview.github_comment import connect, post
from preview.untrusted_comment import harmless
from tests.command_line import refusal
from tests.fake_github import BOT, REPOSITORY, Comment, FakeGitHub, Pull

HEAD, NEXT = "a" * 40, "b" * 40
TEXT = f"{MARKER}\n## 1 to change\n"
ANYBODY = {"__typename": "User", "login": "anybody"}
PAGE = f"https://github.com/{REPOSITORY}"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeGitHub]:
    with FakeGitHub().serving() as fake:
        yield fake


@pytest.fixture
def fake(server: FakeGitHub) -> FakeGitHub:
    url = server.url
    server.__init__()  # type: ignore[misc]
    server.url = url
    return server


@pytest.fixture
def pull(fake: FakeGitHub) -> Pull:
    fake.pulls[7] = Pull(7, HEAD)
    return fake.pulls[7]


@pytest.fixture
def comment(fake: FakeGitHub) -> Callable[..., str]:
    return lambda run, text=TEXT: post(connect("token", fake.url), REPOSITORY, run, text)


def live(pull: Pull) -> list[Comment]:
    return [each for each in pull.comments if not each.is_minimized]


def test_the_first_run_comments_and_names_commit_and_run(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str]
) -> None:
    assert comment(fake.add_run(1, pull)) == "#7: commented, 0 hidden as outdated"

    (only,) = pull.comments
    assert only.body.startswith(f"{MARKER}\n")
    assert f"[`{HEAD[:7]}`]({PAGE}/commit/{HEAD}) itself, in [this run]({PAGE}/actions/runs/1)" in only.body
    assert only.body.endswith("\n## 1 to change\n")


def test_the_same_commit_again_renews_the_comment_even_after_answers(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str]
) -> None:
    comment(fake.add_run(1, pull))
    fake.say(pull, "why?", ANYBODY)

    assert comment(fake.add_run(1, pull, attempt=2), f"{MARKER}\nother") == "#7: renewed, 0 hidden as outdated"
    assert [each.body.splitlines()[-1] for each in pull.comments] == ["other", "why?"]


def test_a_new_push_renews_the_comment_while_nobody_has_answered(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str]
) -> None:
    comment(fake.add_run(1, pull))
    pull.head = NEXT

    assert comment(fake.add_run(2, pull)) == "#7: renewed, 0 hidden as outdated"
    assert len(pull.comments) == 1
    assert NEXT in pull.comments[0].body


def test_a_new_push_after_answers_hides_the_old_one_and_comments_below(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str]
) -> None:
    comment(fake.add_run(1, pull))
    fake.say(pull, "why?", ANYBODY)
    pull.head = NEXT

    assert comment(fake.add_run(2, pull)) == "#7: commented, 1 hidden as outdated"
    assert pull.comments[0].reason == "outdated"
    assert [each.body.splitlines()[-1] for each in live(pull)] == ["why?", "## 1 to change"]


def test_a_run_that_left_no_comment_hides_what_speaks_of_earlier_commits(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str]
) -> None:
    comment(fake.add_run(1, pull))
    said = "#7: nothing posted: the run has left no comment, {} hidden as outdated"

    assert comment(fake.add_run(2, pull), None) == said.format(0)
    pull.head = NEXT
    assert comment(fake.add_run(3, pull), None) == said.format(1)
    assert live(pull) == []


def test_a_text_that_is_refused_hides_what_speaks_of_earlier_commits(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment(fake.add_run(1, pull))
    pull.head = NEXT
    fake.add_run(2, pull)
    (tmp_path / "comment.md").write_text("all is well")
    monkeypatch.setenv("GITHUB_TOKEN", "token")
    monkeypatch.setenv("GITHUB_API_URL", fake.url)

    said = refusal("comment", "--from", str(tmp_path), "--repository", REPOSITORY, "--run", "2")

    assert f"the first line of comment.md is not {MARKER}" in said
    assert live(pull) == []


def test_a_run_of_an_earlier_commit_posts_nothing(fake: FakeGitHub, pull: Pull, comment: Callable[..., str]) -> None:
    stale = fake.add_run(1, pull)
    pull.head = NEXT
    comment(fake.add_run(2, pull))
    newest = pull.comments[0].body

    assert comment(stale) == "#7: nothing posted: closed, or at another commit by now"
    assert [each.body for each in pull.comments] == [newest]


def test_an_earlier_run_of_the_same_commit_does_not_replace_a_later_ones(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str]
) -> None:
    comment(fake.add_run(2, pull), f"{MARKER}\nlater")

    assert comment(fake.add_run(1, pull)) == "#7: nothing posted: a later run has commented, 0 hidden as outdated"
    assert pull.comments[0].body.endswith("\nlater")


@pytest.mark.parametrize("mutation", ["addComment", "updateIssueComment"])
def test_a_push_between_look_and_post_leaves_no_live_comment_of_the_old_commit(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str], mutation: str
) -> None:
    if mutation == "updateIssueComment":
        comment(fake.add_run(1, pull))
    fake.before[mutation] = lambda: setattr(pull, "head", NEXT)

    assert comment(fake.add_run(1, pull)).endswith("1 hidden as outdated")
    assert live(pull) == []
    assert comment(fake.add_run(2, pull)) == "#7: commented, 0 hidden as outdated"


@pytest.mark.parametrize("state", ["CLOSED", "MERGED"])
def test_a_closed_pull_request_gets_no_comment(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str], state: str
) -> None:
    pull.state = state

    assert "no open pull request to main" in comment(fake.add_run(1, pull))
    assert pull.comments == []


def test_a_pull_request_closed_since_the_run_was_looked_up_gets_no_comment(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = fake._rest

    def close_after(method: str, path: str, query: dict[str, str], body: dict[str, object]) -> object:
        answer = listed(method, path, query, body)
        if path.endswith("/pulls"):
            pull.state = "CLOSED"
        return answer

    monkeypatch.setattr(fake, "_rest", close_after)

    assert comment(fake.add_run(1, pull)) == "#7: nothing posted: closed, or at another commit by now"


def test_a_forks_pull_request_is_found_by_owner_branch_and_repository(
    fake: FakeGitHub, comment: Callable[..., str]
) -> None:
    same_owner = fake.pulls[8] = Pull(8, HEAD, fork="stranger/other-yard")
    other_base = fake.pulls[9] = Pull(9, HEAD, fork="stranger/yard", base="release")
    right = fake.pulls[10] = Pull(10, HEAD, fork="stranger/yard")

    assert comment(fake.add_run(1, right)) == "#10: commented, 0 hidden as outdated"
    assert [len(each.comments) for each in (same_owner, other_base, right)] == [0, 0, 1]


def test_a_deleted_fork_gets_no_comment(fake: FakeGitHub, comment: Callable[..., str]) -> None:
    gone = fake.pulls[8] = Pull(8, HEAD, fork=None)

    assert comment(fake.add_run(1, gone)).startswith("nothing posted: no open pull request")


@pytest.mark.parametrize("other", [{"event": "push"}, {"path": ".github/workflows/other.yml"}])
def test_a_run_of_anything_else_is_refused(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str], other: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError, match="name a run of"):
        comment(fake.add_run(1, pull, **other))


@pytest.mark.parametrize(
    "author", [ANYBODY, {"__typename": "User", "login": "github-actions"}, {"__typename": "Bot", "login": "another"}]
)
def test_somebody_elses_comment_with_our_marker_is_left_alone(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str], author: dict[str, str]
) -> None:
    forged = fake.say(pull, f"{MARKER}\n<!-- run 99.1 of {HEAD} -->\nall is well", author)

    assert comment(fake.add_run(1, pull)) == "#7: commented, 0 hidden as outdated"
    assert not forged.is_minimized
    assert forged.body.endswith("all is well")


def test_our_own_comment_without_the_marker_on_its_first_line_is_left_alone(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str]
) -> None:
    other = fake.say(pull, f"of another workflow\n{MARKER}", BOT)

    comment(fake.add_run(1, pull))

    assert not other.is_minimized
    assert len(pull.comments) == 2


def test_ours_is_found_among_hundreds(fake: FakeGitHub, pull: Pull, comment: Callable[..., str]) -> None:
    for number in range(130):
        fake.say(pull, f"answer {number}", ANYBODY)
    comment(fake.add_run(1, pull))
    for number in range(130):
        fake.say(pull, f"answer {number}", ANYBODY)

    assert comment(fake.add_run(1, pull)) == "#7: renewed, 0 hidden as outdated"
    assert len(pull.comments) == 261


def test_two_runs_at_once_end_with_the_later_ones_comment(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str]
) -> None:
    runs = [fake.add_run(1, pull), fake.add_run(2, pull)]
    both_looked = threading.Barrier(2)
    answer = fake.answer

    def looked(method: str, target: str, body: dict[str, str] | None) -> object:
        seen = fake.requests.count("GraphQL addComment")
        if body and "addComment" in body["query"] and not seen:
            both_looked.wait(timeout=10)
        return answer(method, target, body)

    fake.answer = looked  # type: ignore[assignment, method-assign]
    try:
        threads = [threading.Thread(target=comment, args=(run, f"{MARKER}\nof run {run}")) for run in runs]
        for each in threads:
            each.start()
        for each in threads:
            each.join(timeout=20)
    finally:
        del fake.answer

    assert len(pull.comments) == 2
    assert [each.body.splitlines()[-1] for each in live(pull)] == ["of run 2"]


def test_an_answer_that_is_lost_makes_no_second_live_comment(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str]
) -> None:
    fake.lost = ["addComment"]

    assert comment(fake.add_run(1, pull)) == "#7: commented, 1 hidden as outdated"
    assert len(pull.comments) == 2
    assert len(live(pull)) == 1


def test_bad_gateways_and_rate_limits_are_waited_out_as_long_as_github_says_but_no_longer_than_a_minute(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    fake.faults = [
        (502, {}, {"message": "Bad Gateway"}),
        (403, {"Retry-After": "17"}, {"message": "You have exceeded a secondary rate limit"}),
        (429, {"Retry-After": "90000"}, {"message": "You have exceeded a secondary rate limit"}),
    ]

    assert comment(fake.add_run(1, pull)) == "#7: commented, 0 hidden as outdated"
    assert [wait for wait in waited if wait >= 1] == [17, 60]


def test_an_exhausted_rate_limit_ends_it_at_once(
    fake: FakeGitHub, pull: Pull, comment: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail(f"slept {seconds}"))
    reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 3000)}
    fake.faults = [(403, reset, {"message": "API rate limit exceeded for installation"})]

    with pytest.raises(github.RateLimitExceededException):
        comment(fake.add_run(1, pull))


def test_a_refusal_is_said_at_once(
    fake: FakeGitHub, pull: Pull, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "comment.md").write_text(TEXT)
    fake.add_run(1, pull)
    fake.faults = [(403, {}, {"message": "Resource not accessible by integration"})]
    monkeypatch.setenv("GITHUB_TOKEN", "token")
    monkeypatch.setenv("GITHUB_API_URL", fake.url)

    said = refusal("comment", "--from", str(tmp_path), "--repository", REPOSITORY, "--run", "1")

    assert said.splitlines()[0] == "error: GitHub answers 403: Resource not accessible by integration"


def test_the_longest_comment_is_taken(fake: FakeGitHub, pull: Pull, comment: Callable[..., str]) -> None:
    longest = harmless(MARKER + "\n" + "@a #1 <img> " * 20_000)

    assert len(longest) <= LONGEST
    comment(fake.add_run(1, pull), longest)
    assert len(pull.comments[0].body) <= 65_536
    assert "Cut here" in pull.comments[0].body[:600]
