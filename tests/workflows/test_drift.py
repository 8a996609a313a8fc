"""Jobs of drift.yml, run as they stand, and the one issue that each environment has."""

import pytest

from commands.comment import connected
from preview.comment_format import MARKER
from preview.drift_issue import keep_issue
from tests.fake_github import REPOSITORY, FakeGitHub
from tests.workflows.machine import GOOGLE, PREVIEW, REAL, Machine, ran


@pytest.mark.slow
def test_drift_opens_an_issue_and_fails_where_a_policy_denies(machine: Machine, fake: FakeGitHub) -> None:
    machine.report(["x"])
    machine.install("preview", PREVIEW)
    previews = REAL.replace("PYTHONPATH", '[ "$1" = preview ] && exec "$(dirname "$0")/preview" "$@"\nPYTHONPATH', 1)
    machine.install("modelyard", previews)
    machine.code = 1
    matrix = {"environment": {"name": "gke-dev", "cloud": "gke"}}

    job = ran(machine.run("drift", "look", matrix=matrix, vars=GOOGLE, github={"token": "token"}))

    assert [step.name for step in job.steps if not step.succeeded] == ["Plan against the real state"]
    (issue,) = fake.issues
    assert issue["title"] == "gke-dev differs from main"
    assert issue["body"] == "<!-- modelyard drift gke-dev -->\n## 1 to change\n"


def test_an_environment_has_one_issue_which_is_renewed_and_closed(
    fake: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_API_URL", fake.url)
    monkeypatch.setenv("GITHUB_TOKEN", "token")
    anybody = {"login": "anybody", "type": "User"}
    with connected() as github:
        keep_issue(github, REPOSITORY, "aks-dev", "other")
        keep_issue(github, REPOSITORY, "gke-dev", f"{MARKER}\nfirst")
        fake.issues.append({**fake.issues[1], "number": 3, "user": anybody})

        assert keep_issue(github, REPOSITORY, "gke-dev", "second") == "gke-dev differs, issue #2 renewed"
        assert fake.issues[1]["body"] == "<!-- modelyard drift gke-dev -->\nsecond"
        assert keep_issue(github, REPOSITORY, "gke-dev", None) == "gke-dev is as main says, 1 issues closed"
        assert [issue["state"] for issue in fake.issues] == ["open", "closed", "open"]
        assert keep_issue(github, REPOSITORY, "gke-dev", None) == "gke-dev is as main says, 0 issues closed"
        assert keep_issue(github, REPOSITORY, "gke-dev", "third") == "gke-dev differs, issue #4 opened"
