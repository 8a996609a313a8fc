"""`modelyard identities`: what it asks of GitHub, what it writes, and what it has a person run."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from modelyard.errors import ConfigurationError

import pytest

from commands.github_setup import rule_lines, variable_lines
from commands.identities import variables_in
from doctor.github_repository import Repository, look_up
from stacks.environments import load_cloud_settings
from stacks.settings import GithubSettings
from tests.background_server import answering
from tests.command_line import refusal
from tests.conftest import Command

pytestmark = pytest.mark.slow

GITHUB = GithubSettings(repository="acme/models", repository_id=821093847, repository_owner_id=5544123)
MODELS = {"id": 821093847, "full_name": "acme/models", "owner": {"id": 5544123, "login": "acme"}}
# As `gh api` and `gh variable set` answer, and what they were asked.
FAKE_GH = """#!/bin/bash
printf '%s\\0' "$@" $'\\n' >> "$ASKED"
case "$2" in
  user) echo 7 ;;
  users/ada) echo 8 ;;
  users/ben) echo 9 ;;
  repos/*) echo "$PREFIX" ;;
esac
"""


@dataclass
class FakeGithub:
    """GitHub's API on a port of 127.0.0.1: answers by path, and what it was asked, with which token."""

    url: str = ""
    answers: dict[str, tuple[int, object]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGithub]:
    fake = FakeGithub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fake.asked.append((self.path, self.headers["Authorization"]))
            status, answer = fake.answers.get(self.path, (404, {"message": "Not Found"}))
            self.send_response(status)
            if status == 301:
                self.send_header("Location", f"{fake.url}{answer}")
            self.end_headers()
            self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        fake.url = f"http://127.0.0.1:{port}"
        monkeypatch.setenv("GITHUB_API_URL", fake.url)
        monkeypatch.delenv("GITHUB_TOKEN", raising=False)
        yield fake


def test_github_is_asked_for_the_numbers_and_the_name_as_it_writes_it(github: FakeGithub) -> None:
    github.answers["/repos/Acme/Models"] = (200, MODELS)

    assert look_up("Acme/Models") == Repository("acme/models", 821093847, 5544123)
    assert github.asked == [("/repos/Acme/Models", None)]


def test_a_token_is_sent_if_there_is_one(github: FakeGithub, monkeypatch: pytest.MonkeyPatch) -> None:
    github.answers["/repos/acme/models"] = (200, MODELS)
    monkeypatch.setenv("GITHUB_TOKEN", "of-a-person")

    look_up("acme/models")

    assert github.asked == [("/repos/acme/models", "Bearer of-a-person")]


def test_no_login_of_this_machine_is_sent(github: FakeGithub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    github.answers["/repos/acme/models"] = (200, MODELS)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))

    look_up("acme/models")

    assert github.asked == [("/repos/acme/models", None)]


def test_a_former_name_leads_to_the_present_one(github: FakeGithub) -> None:
    github.answers |= {"/repos/acme/old": (301, "/repositories/821093847"), "/repositories/821093847": (200, MODELS)}

    assert look_up("acme/old").name == "acme/models"


class Untold(NamedTuple):
    """An answer without numbers, perhaps to a token; what is said then, and the mend."""

    status: int
    answer: object
    token: str
    said: str
    mend: str


@pytest.mark.parametrize(
    "case",
    [
        Untold(404, {}, "", "GitHub knows no repository 'acme/models'", "set GITHUB_TOKEN"),
        Untold(
            404, {}, "of-a-person", "GitHub knows no repository 'acme/models'", "which the one in GITHUB_TOKEN may not"
        ),
        Untold(401, {}, "gone", "does not take the token", "still good"),
        Untold(403, {}, "", "refuses to answer", "60 questions an hour"),
        Untold(502, {}, "", "502 Bad Gateway", "--repository-id and --owner-id"),
        Untold(200, b"<html>", "", "not as GitHub does", "--repository-id and --owner-id"),
        Untold(200, {"id": 1}, "", "not as GitHub does", "GITHUB_API_URL"),
        Untold(200, ["models"], "", "not as GitHub does", "GITHUB_API_URL"),
    ],
)
def test_what_github_does_not_tell_is_said_with_the_way_out(
    github: FakeGithub, monkeypatch: pytest.MonkeyPatch, case: Untold
) -> None:
    github.answers["/repos/acme/models"] = (case.status, case.answer)
    if case.token:
        monkeypatch.setenv("GITHUB_TOKEN", case.token)

    with pytest.raises(ConfigurationError) as error:
        look_up("acme/models")

    assert case.said in error.value.what
    assert case.mend in str(error.value.mend)
    assert not case.token or case.token not in str(error.value)


def test_a_github_that_cannot_be_reached_is_named(github: FakeGithub, monkeypatch: pytest.MonkeyPatch) -> None:
    # A port that nobody listens at.
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")

    with pytest.raises(ConfigurationError, match=r"http://127\.0\.0\.1:1/repos/acme/models cannot be reached"):
        look_up("acme/models")


def test_the_table_is_written_and_renewed_beside_what_people_wrote(
    github: FakeGithub, checkout: Path, modelyard_command: Command
) -> None:
    github.answers["/repos/acme/models"] = (200, MODELS)
    file = checkout / "environments" / "gke-dev.toml"
    before = file.read_text()

    done = modelyard_command("identities", "gke-dev", "--repository", "acme/models")

    assert done.returncode == 0, done.stderr
    written = file.read_text()
    assert written.startswith(before)
    assert load_cloud_settings("gke-dev", file.parent).github == GITHUB
    # Loud, for what a server of one's own says is of no worth in the clouds.
    assert f"asking {github.url}: another GitHub's numbers are somebody else's on github.com" in done.stdout
    steps = "cdktf deploy gke-dev-state gke-dev-registry gke-dev-artifacts gke-dev-identities"
    # Whoever pushes a branch may make up an environment that is not there yet: its rules come before the trust.
    rules, variables = "modelyard identities gke-dev --rules", "modelyard identities gke-dev  "
    assert done.stdout.index(rules) < done.stdout.index(steps) < done.stdout.index(variables)

    numbers = ["--repository-id", "1", "--owner-id", "2"]
    again = modelyard_command("identities", "gke-dev", "--repository", "ada/yard", *numbers)

    assert again.returncode == 0, again.stderr
    assert len(github.asked) == 1
    assert file.read_text().count("[github]") == file.read_text().count("docs/identities.md") == 1
    loaded = load_cloud_settings("gke-dev", file.parent).github
    assert loaded == GithubSettings(repository="ada/yard", repository_id=1, repository_owner_id=2)


def test_what_is_wrong_is_refused_and_the_file_stays(checkout: Path, modelyard_command: Command) -> None:
    file = checkout / "environments" / "aks-dev.toml"
    before = file.read_text()
    numbers = ["--repository-id", "0", "--owner-id", "2"]

    done = modelyard_command("identities", "aks-dev", "--repository", "acme/models", *numbers)

    assert done.returncode == 1
    assert "github.repository_id" in done.stderr
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gke-dev"], "modelyard identities gke-dev --repository OWNER/NAME"),
        (["local", "--repository", "acme/models"], "local"),
        (["gke-dev", "--repository", "acme/models", "--owner-id", "2"], "both --repository-id and --owner-id"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_mend(arguments: list[str], said: str) -> None:
    assert said in refusal("identities", *arguments)


def run(lines: list[str], folder: Path, *, prefix: str = "") -> tuple[list[list[str]], str]:
    """What `gh` is asked when a person runs the lines, and what the lines complain of."""
    gh, asked = folder / "gh", folder / "asked"
    gh.write_text(FAKE_GH)
    gh.chmod(0o755)
    variables = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "ASKED": str(asked), "PREFIX": prefix}
    done = subprocess.run(
        ["bash", "-euo", "pipefail"],
        input="\n".join(lines),
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    calls = asked.read_text().split("\n\0")[:-1]
    return [call.removesuffix("\0").split("\0") for call in calls], done.stderr


def test_the_rules_let_main_into_three_environments_of_which_one_waits_for_a_reviewer(tmp_path: Path) -> None:
    asked, said = run([*rule_lines(load_cloud_settings("gke-dev"), GITHUB, [])], tmp_path)

    assert said == ""
    path = "repos/acme/models/environments"
    puts = {call[4].removeprefix(f"{path}/"): call[5:] for call in asked if "PUT" in call}
    assert puts.keys() == {"gke-dev-plan", "gke-dev-images", "gke-dev"}
    for fields in puts.values():
        assert "deployment_branch_policy[custom_branch_policies]=true" in fields
    reviewers = {name: [field for field in fields if field.startswith("reviewers")] for name, fields in puts.items()}
    assert reviewers.pop("gke-dev") == ["reviewers[][type]=User", "reviewers[][id]=7"]
    assert set(map(tuple, reviewers.values())) == {()}
    branches = [call for call in asked if "POST" in call]
    assert [call[4] for call in branches] == [f"{path}/{name}/deployment-branch-policies" for name in puts]
    assert all(call[5:] == ["-F", "name=main", "-F", "type=branch"] for call in branches)


def test_two_reviewers_are_named_in_pairs_and_nobody_lets_their_own_deploy_go(tmp_path: Path) -> None:
    asked, _ = run([*rule_lines(load_cloud_settings("gke-dev"), GITHUB, ["ada", "ben"])], tmp_path)

    (put,) = [call for call in asked if call[4:5] == ["repos/acme/models/environments/gke-dev"]]
    # In this order `gh` makes two objects of them.
    assert put[6::2][2:] == [
        "reviewers[][type]=User",
        "reviewers[][id]=8",
        "reviewers[][type]=User",
        "reviewers[][id]=9",
        "prevent_self_review=true",
    ]


@pytest.mark.parametrize(("prefix", "complains"), [(GITHUB.subject, False), ("repo:acme/models", True)])
def test_for_azure_subjects_get_numbers_and_that_is_looked_at(tmp_path: Path, prefix: str, complains: bool) -> None:
    asked, said = run([*rule_lines(load_cloud_settings("aks-dev"), GITHUB, [])], tmp_path, prefix=prefix)

    path = "repos/acme/models/actions/oidc/customization/sub"
    fields = ["-F", "use_default=true", "-F", "use_immutable_subject=true"]
    assert asked[0] == ["api", "--silent", "--method", "PUT", path, *fields]
    assert ("error: subjects do not begin so: repo:acme@5544123/models@821093847" in said) is complains


def test_each_environment_gets_its_variables_and_values_stay_values(tmp_path: Path) -> None:
    names = ["gke-dev-plan", "gke-dev-images", "gke-dev"]
    variables = {name: {"FIRST": f"of {name}", "SECOND": "$(touch owned)"} for name in names}

    asked, said = run([*variable_lines(load_cloud_settings("gke-dev"), GITHUB, variables)], tmp_path)

    assert said == ""
    assert asked == [
        ["variable", "set", variable, "--repo", "acme/models", "--env", name, "--body", value]
        for name in names
        for variable, value in variables[name].items()
    ]


def test_the_command_prints_the_rules_without_asking_a_cloud(modelyard_command: Command) -> None:
    numbers = ["--repository-id", "821093847", "--owner-id", "5544123"]
    assert modelyard_command("identities", "aks-dev", "--repository", "acme/models", *numbers).returncode == 0

    done = modelyard_command("identities", "aks-dev", "--rules", "--reviewer", "ada")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [*rule_lines(load_cloud_settings("aks-dev"), GITHUB, ["ada"])]


def test_variables_come_from_the_state_of_the_stack_that_made_them(tmp_path: Path) -> None:
    state = {"version": 4, "terraform_version": "1.7.0", "serial": 1, "lineage": "1", "resources": []}
    value = {"gke-dev": {"GOOGLE_SERVICE_ACCOUNT": "gke-dev-apply@acme.iam.gserviceaccount.com"}}
    kind = ["map", ["map", "string"]]
    file = tmp_path / "identities.tfstate"
    file.write_text(json.dumps(state | {"outputs": {"github_variables": {"value": value, "type": kind}}}))

    assert variables_in({"local": {"path": str(file)}}, "gke-dev-identities") == value

    with pytest.raises(ConfigurationError, match="gke-dev-identities is not deployed"):
        variables_in({"local": {"path": str(tmp_path / "none.tfstate")}}, "gke-dev-identities")
