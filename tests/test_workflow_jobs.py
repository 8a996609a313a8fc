"""Jobs of the workflows, run as they stand, with stand-ins for the clouds and for other people's actions."""

import io
import json
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from modelyard.errors import ConfigurationError

import pytest

from commands.comment import connected
from preview.comment_format import MARKER
from preview.drift_issue import keep_issue
from preview.untrusted_comment import read_comment
from stacks.paths import ROOT
from tests.fake_github import REPOSITORY, FakeGitHub, Pull
from tests.workflow_steps import Action, Job, Runner, bare_path

TEXT = f"{MARKER}\n## 1 to change\n"
GOOGLE = {"GOOGLE_WORKLOAD_IDENTITY_PROVIDER": "projects/1/providers/github", "GOOGLE_SERVICE_ACCOUNT": "plan@x.iam"}
AZURE = {"AZURE_CLIENT_ID": "c", "AZURE_TENANT_ID": "t", "AZURE_SUBSCRIPTION_ID": "s"}
GKE = {"cloud": "gke", "environment": "gke-dev"}
# Each writes down what it was called with, and in which environment.
NOTED = 'echo "$(basename "$0") $*${MODELYARD_ENV:+ in $MODELYARD_ENV}" >> "$CALLS"\n'
SETUP = "./.github/actions/setup"
PREVIEW = f"""#!/bin/bash
{NOTED}
while [ $# -gt 1 ]; do if [ "$1" = --output ]; then output="$2"; fi; shift; done
[ -d "$REPORTS" ] && mkdir -p "$output" && cp "$REPORTS"/* "$output"
exit "$CODE"
"""
REAL = f"""#!/bin/bash
{NOTED}
PYTHONPATH="{ROOT}:{ROOT}/constructs" exec "{sys.executable}" -m commands "$@"
"""
PYTHON = f'#!/bin/bash\nPYTHONPATH="{ROOT}:{ROOT}/constructs" exec "{sys.executable}" "$@"\n'
# `gh api ADDRESS [--jq FILTER]`
GH = """#!/bin/bash
[ "$1" = api ] || exit 9
answer="$(mktemp)"
token="Authorization: Bearer $GH_TOKEN"
curl --silent --show-error --fail --location --header "$token" "$GITHUB_API_URL/$2" > "$answer" || exit 1
if [ "$3" = --jq ]; then jq --raw-output "$4" "$answer"; else cat "$answer"; fi
"""


class Machine:
    """A runner with a checkout, where `modelyard` previews as the test says."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        shutil.copytree(ROOT / "environments", self.checkout / "environments")
        self.temporary = folder / "temporary"
        self.reports = folder / "reports"
        self.calls = folder / "calls"
        for each in (self.temporary, self.reports, self.checkout / ".venv" / "bin"):
            each.mkdir(parents=True)
        noted = f"#!/bin/bash\n{NOTED}"
        self.programs = dict.fromkeys(("az", "cosign", "make", "npx", "terraform"), noted)
        self.programs["gh"] = GH
        self.install("python", PYTHON)
        self.install("modelyard", PREVIEW)
        self.code = 0
        self.variables: dict[str, str] = {}
        # Half of a job's time; the tests of what it does take it out.
        self.actions: dict[str, Action] = {SETUP: lambda _: {}}

    def install(self, name: str, script: str) -> None:
        program = self.checkout / ".venv" / "bin" / name
        program.write_text(script)
        program.chmod(0o755)

    def report(self, changes: list[str], comment: str = TEXT) -> None:
        (self.reports / "comment.md").write_text(comment)
        (self.reports / "report.md").write_text("the whole report\n")
        (self.reports / "report.json").write_text(json.dumps({"changes": changes}))

    def synthesised(self, *parts: str) -> None:
        """What main.py would write of gke-dev; the file itself does nothing."""
        (self.checkout / "cdktf.out").mkdir(exist_ok=True)
        stacks = {f"gke-dev-{part}": dict[str, str]() for part in parts}
        (self.checkout / "cdktf.out" / "manifest.json").write_text(json.dumps({"stacks": stacks}))
        (self.checkout / "main.py").write_text("")

    def own_state(self, environment: str, place: str) -> None:
        file = self.checkout / "environments" / f"{environment}.toml"
        file.write_text(re.sub(r'own_state = "\w+"', f'own_state = "{place}"', file.read_text()))

    def run(self, workflow: str, job: str, **contexts: object) -> Job | None:
        environment = {
            "PATH": bare_path(self.temporary / "bin", self.programs),
            "HOME": str(self.temporary),
            "CALLS": str(self.calls),
            "REPORTS": str(self.reports),
            "CODE": str(self.code),
            "GITHUB_REPOSITORY": REPOSITORY,
            **self.variables,
        }
        return Runner(self.checkout, self.temporary, environment, self.actions).run(workflow, job, **contexts)

    def called(self) -> list[str]:
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [line.replace(str(self.temporary), "TEMP") for line in lines]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def fake(machine: Machine) -> Iterator[FakeGitHub]:
    with FakeGitHub().serving() as fake:
        machine.variables |= {"GITHUB_API_URL": fake.url, "GITHUB_SERVER_URL": "https://github.com"}
        yield fake


def ran(job: Job | None) -> Job:
    assert job is not None
    return job


# preview.yml


def pull_request(action: str = "opened", **changes: object) -> dict[str, object]:
    return {"event": {"action": action, "changes": changes, "pull_request": {"number": 7}}, "token": "never used"}


def test_a_preview_is_shown_and_kept_with_the_comment_apart(machine: Machine) -> None:
    machine.report(["x"])

    job = ran(machine.run("preview", "preview", github=pull_request()))

    assert job.succeeded
    assert machine.called()[-1] == "modelyard preview --base HEAD^1 --output TEMP/preview"
    assert job.summary == "the whole report\n"
    kept = {step.with_["name"]: step.with_["path"] for step in job.steps if step.name == "actions/upload-artifact"}
    preview = f"{machine.temporary}/preview"
    assert kept == {"preview": preview, "preview-comment": f"{preview}/comment.md"}


def test_a_denied_preview_fails_and_is_kept_all_the_same(machine: Machine) -> None:
    machine.report(["x"])
    machine.code = 1

    job = ran(machine.run("preview", "preview", github=pull_request()))

    assert not job.succeeded
    assert job.names.count("actions/upload-artifact") == 2
    assert job.summary == "the whole report\n"


def test_a_preview_that_breaks_before_it_writes_fails_with_its_own_step(machine: Machine) -> None:
    machine.code = 2
    shutil.rmtree(machine.reports)

    job = ran(machine.run("preview", "preview", github=pull_request()))

    assert [step.name for step in job.steps if not step.succeeded] == ["Preview"]


def test_an_edit_is_previewed_only_when_the_base_is_another(machine: Machine) -> None:
    assert machine.run("preview", "preview", github=pull_request("edited", title={"from": "x"})) is None
    machine.report([])
    assert machine.run("preview", "preview", github=pull_request("edited", base={"ref": {"from": "x"}}))


def test_the_plugins_of_the_recorded_versions_are_installed_or_come_from_the_cache(machine: Machine) -> None:
    machine.report([])
    del machine.actions[SETUP]
    ran(machine.run("preview", "preview", github=pull_request()))

    configuration = json.loads((machine.temporary / "providers" / "main.tf.json").read_text())
    assert configuration["terraform"]["required_providers"]["google"] == {
        "source": "hashicorp/google",
        "version": "6.50.0",
    }
    assert "terraform -chdir=TEMP/providers init -backend=false -input=false" in machine.called()

    machine.calls.unlink()
    machine.actions["actions/cache"] = lambda _: {"cache-hit": "true"}
    job = ran(machine.run("preview", "preview", github=pull_request()))
    assert [line for line in machine.called() if line.startswith("terraform")] == []
    (cache,) = [step for step in job.steps if step.name == "actions/cache"]
    assert cache.with_["path"] == f"{machine.temporary}/plugins"
    assert re.fullmatch(r"terraform-plugins-Linux-X64-[0-9a-f]{16}", cache.with_["key"])


# comment.yml


def workflow_run(conclusion: str = "success", event: str = "pull_request") -> dict[str, object]:
    run = {"id": 1, "event": event, "conclusion": conclusion, "head_branch": "change", "head_repository": {"id": 5}}
    return {"event": {"workflow_run": run, "repository": {"default_branch": "main"}}, "token": "token"}


def archive(*members: tuple[zipfile.ZipInfo | str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, text in members:
            opened.writestr(name, text)
    return file.getvalue()


def test_the_text_of_a_forks_failed_preview_becomes_a_comment_made_harmless(machine: Machine, fake: FakeGitHub) -> None:
    machine.install("modelyard", REAL)
    del machine.actions[SETUP]
    pull = fake.pulls[7] = Pull(7, "a" * 40, fork="stranger/yard")
    fake.add_run(1, pull)
    fake.artifacts[1] = {"preview-comment": archive(("comment.md", f"{TEXT}thanks @octo\n"))}

    job = ran(machine.run("comment", "comment", github=workflow_run("failure")))

    assert job.succeeded, job.output
    assert [comment.body.splitlines()[-1] for comment in pull.comments] == ["thanks @\u200bocto"]
    assert "#7: commented" in job.output
    assert [line.split()[0] for line in machine.called()] == ["make", "modelyard"]


@pytest.mark.parametrize("run", [workflow_run("cancelled"), workflow_run("skipped"), workflow_run(event="push")])
def test_what_is_no_finished_preview_of_a_pull_request_is_not_looked_at(
    machine: Machine, run: dict[str, object]
) -> None:
    assert machine.run("comment", "comment", github=run) is None


@pytest.mark.parametrize("artifacts", [{}, {"preview-comment": b"x" * 1_000_000}, {"other": b"x"}])
def test_of_a_run_without_a_comment_of_fitting_size_nothing_is_taken(
    machine: Machine, fake: FakeGitHub, artifacts: dict[str, bytes]
) -> None:
    fake.artifacts[1] = artifacts

    job = ran(machine.run("comment", "comment", github=workflow_run()))

    (fetch,) = [step for step in job.steps if step.name == "Fetch the text"]
    assert fetch.output == "::notice::run 1 has left no comment\n"
    assert fetch.succeeded
    assert [*(machine.temporary / "comment").iterdir()] == []


def link(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = 0o120777 << 16
    return member


@pytest.mark.parametrize(
    "members",
    [
        [("../../comment.md", TEXT)],
        [("/comment.md", TEXT), ("comment.md/x", TEXT)],
        [(link("comment.md"), "/etc/passwd")],
        [("comment.md", TEXT + "\0" * 5_000_000)],
        [("comment.md", "## no marker")],
    ],
    ids=["outside", "elsewhere", "link", "bomb", "no preview"],
)
def test_an_archive_that_would_do_harm_ends_as_a_small_file_that_is_refused(
    machine: Machine, fake: FakeGitHub, members: list[tuple[zipfile.ZipInfo | str, str]]
) -> None:
    fake.artifacts[1] = {"preview-comment": archive(*members)}

    ran(machine.run("comment", "comment", github=workflow_run()))

    written = machine.temporary / "comment" / "comment.md"
    assert [*written.parent.iterdir()] == [written]
    assert written.stat().st_size <= 300_000
    with pytest.raises(ConfigurationError):
        read_comment(written.parent)


# deploy.yml, deploy-environment.yml


def test_environments_are_those_whose_state_store_keeps_its_own_state(machine: Machine) -> None:
    job = ran(machine.run("deploy", "environments"))
    assert job.outputs["list"] == "[]"
    assert "::notice title=gke-dev is not set up::" in job.output

    machine.own_state("gke-dev", "remote")
    job = ran(machine.run("deploy", "environments"))
    assert job.outputs["list"] == '[{"name": "gke-dev", "cloud": "gke"}]'
    assert "local" not in job.output


@pytest.mark.parametrize(
    ("workflow", "job"), [("deploy-environment", "plan"), ("images", "images"), ("deploy-environment", "deploy")]
)
@pytest.mark.parametrize("variables", [{}, AZURE, {**GOOGLE, "GOOGLE_SERVICE_ACCOUNT": ""}])
def test_without_an_identity_a_job_ends_with_a_notice(
    machine: Machine, workflow: str, job: str, variables: dict[str, str]
) -> None:
    needs = {"plan": {"outputs": {"changes": "true"}}}

    done = ran(machine.run(workflow, job, inputs=GKE, vars=variables, needs=needs))

    assert done.succeeded
    assert done.names == ["actions/checkout", "Look for an identity"]
    assert done.output == (
        "::notice title=gke-dev is not set up::this job has no identity in the cloud: see docs/workflows.md\n"
    )
    assert set(done.outputs.values()) <= {""}


@pytest.mark.parametrize(("changes", "said"), [(["x"], "true"), ([], "false")])
def test_a_plan_against_the_real_state_is_kept_for_the_review(machine: Machine, changes: list[str], said: str) -> None:
    machine.report(changes)

    job = ran(machine.run("deploy-environment", "plan", inputs=GKE, vars=GOOGLE))

    assert machine.called()[-1] == "modelyard preview --live --env gke-dev --output TEMP/plan"
    assert job.outputs == {"changes": said}
    assert job.summary == "the whole report\n"
    assert job.steps[-1].with_["name"] == "reviewed-gke-dev"
    (signed_in,) = [step for step in job.steps if step.name == "google-github-actions/auth"]
    assert set(signed_in.with_.values()) == set(GOOGLE.values())
    needs = {"plan": {"outputs": job.outputs}}
    machine.actions["actions/download-artifact"] = reviewed(machine, changes)
    assert bool(machine.run("deploy-environment", "deploy", inputs=GKE, vars=GOOGLE, needs=needs)) is bool(changes)


def test_on_azure_terraform_and_kubelogin_are_told_who_they_are(machine: Machine) -> None:
    del machine.actions[SETUP]
    machine.install("modelyard", f"#!/bin/bash\n{NOTED}env > '{machine.temporary}/env'")

    ran(machine.run("deploy-environment", "plan", inputs={"cloud": "aks", "environment": "aks-dev"}, vars=AZURE))

    known = (machine.temporary / "env").read_text().splitlines()
    assert {"AAD_LOGIN_METHOD=azurecli", "ARM_USE_OIDC=true", "ARM_CLIENT_ID=c", "ARM_TENANT_ID=t"} <= set(known)
    assert f"TF_PLUGIN_CACHE_DIR={machine.temporary}/plugins" in known


def test_a_denied_plan_fails_and_gives_nothing_to_deploy(machine: Machine) -> None:
    machine.report(["x"])
    machine.code = 1

    job = ran(machine.run("deploy-environment", "plan", inputs=GKE, vars=GOOGLE))

    assert not job.succeeded
    assert job.outputs == {"changes": ""}
    assert job.steps[-1].name == "actions/upload-artifact"


def reviewed(machine: Machine, changes: list[str]) -> Action:
    def download(inputs: Mapping[str, str]) -> dict[str, str]:
        Path(inputs["path"]).mkdir()
        (Path(inputs["path"]) / "report.json").write_text(json.dumps({"changes": changes}))
        assert inputs["name"] == "reviewed-gke-dev"
        return {}

    shutil.rmtree(machine.temporary / "reviewed", ignore_errors=True)
    return download


def deploy(machine: Machine, changes: list[str]) -> Job:
    machine.actions["actions/download-artifact"] = reviewed(machine, changes)
    machine.synthesised("cluster", "identities", "iris")
    needs = {"plan": {"outputs": {"changes": "true"}}}
    return ran(machine.run("deploy-environment", "deploy", inputs=GKE, vars=GOOGLE, needs=needs))


def test_the_reviewed_plan_is_applied(machine: Machine) -> None:
    machine.report(["x"])

    job = deploy(machine, ["x"])

    assert job.succeeded, job.output
    assert machine.called()[-2:] == [
        "modelyard preview --live --env gke-dev --output TEMP/plan",
        "npx cdktf deploy gke-dev-cluster gke-dev-iris --auto-approve in gke-dev",
    ]


def test_a_plan_that_nobody_has_reviewed_is_not_applied(machine: Machine) -> None:
    machine.report(["x", "y"])

    job = deploy(machine, ["x"])

    assert not job.succeeded
    assert "::error::The plan is not the reviewed one any more, nothing was applied" in job.output
    assert [line for line in machine.called() if line.startswith("npx")] == []


def test_a_plan_that_can_no_longer_be_made_is_not_applied(machine: Machine) -> None:
    machine.report(["x"])
    machine.code = 1

    assert not deploy(machine, ["x"]).succeeded
    assert [line for line in machine.called() if line.startswith("npx")] == []


# images.yml


@pytest.mark.slow
def test_images_are_signed_by_digest_with_their_bill_of_materials(machine: Machine) -> None:
    digest = "sha256:" + "0" * 64
    bill = {"metadata": {"component": {"name": "us-central1-docker.pkg.dev/p/r/iris", "version": "0123"}}}
    (machine.checkout / ".images").mkdir()
    (machine.checkout / ".images" / "iris-0123.cdx.json").write_text(json.dumps(bill))
    (machine.checkout / ".images" / "iris-0123.push.log").write_text("a log")
    machine.programs["gcloud"] = "#!/bin/bash\necho a-token\n"
    machine.programs["docker"] = (
        f'#!/bin/bash\n{NOTED}if [ "$1" = login ]; then cat >> "$CALLS"; else echo \'{{"digest": "{digest}"}}\'; fi\n'
    )

    job = ran(machine.run("images", "images", inputs=GKE, vars=GOOGLE))

    assert job.succeeded, job.output
    image = "us-central1-docker.pkg.dev/p/r/iris"
    assert machine.called() == [
        "docker login --username oauth2accesstoken --password-stdin https://us-central1-docker.pkg.dev",
        "a-token",
        "modelyard images gke-dev --push",
        f"docker buildx imagetools inspect {image}:0123 --format {{{{json .Manifest}}}}",
        f"cosign sign --yes {image}@{digest}",
        f"cosign attest --yes --type cyclonedx --predicate .images/iris-0123.cdx.json {image}@{digest}",
    ]
    assert job.summary == f"- `{image}:0123` `{digest}`\n"
    assert job.names[-1] == "actions/attest-build-provenance"
    assert (machine.temporary / "pushed").read_text() == f"{'0' * 64}  {image}\n"


@pytest.mark.slow
def test_nothing_pushed_is_nothing_signed_and_azures_registry_is_signed_in_to(machine: Machine) -> None:
    job = ran(machine.run("images", "images", inputs={"cloud": "aks", "environment": "aks-dev"}, vars=AZURE))

    assert job.succeeded, job.output
    assert re.fullmatch(r"az acr login --name \w+", machine.called()[0])
    assert job.names[-1] == "Sign what was pushed"


# drift.yml


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


# destroy.yml


@pytest.mark.parametrize(
    ("environment", "confirmation", "said"),
    [
        ("gke-dev", "gke-dev ", "The two names differ: nothing is destroyed."),
        ("gke-dev", "", "The two names differ: nothing is destroyed."),
        ("aks-dev", "aks-dev", "Workflows may act in no environment of this name"),
        ("local", "local", "Workflows may act in no environment of this name"),
        ('x" or true', 'x" or true', "Workflows may act in no environment of this name"),
    ],
)
def test_a_destroy_needs_the_name_twice_and_an_environment_that_is_set_up(
    machine: Machine, environment: str, confirmation: str, said: str
) -> None:
    machine.own_state("gke-dev", "remote")

    job = ran(machine.run("destroy", "confirm", inputs={"environment": environment, "confirmation": confirmation}))

    assert not job.succeeded
    assert f"::error::{said}" in job.output
    assert job.outputs == {"cloud": ""}


def test_a_destroy_takes_the_cluster_and_what_is_on_it(machine: Machine) -> None:
    machine.own_state("gke-dev", "remote")
    inputs = {"environment": "gke-dev", "confirmation": "gke-dev"}
    confirmed = ran(machine.run("destroy", "confirm", inputs=inputs))
    assert confirmed.outputs == {"cloud": "gke"}

    needs = {"confirm": {"outputs": confirmed.outputs}}
    job = ran(machine.run("destroy", "destroy", inputs=inputs, vars=GOOGLE, needs=needs))

    assert job.succeeded, job.output
    assert machine.called()[-1] == "modelyard teardown gke-dev --yes --keep-stores --volumes snapshot"


# expiry.yml

LEASES = f"""#!/bin/bash
[ "$1" = teardown ] || exec "$(dirname "$0")/real" "$@"
{NOTED}
"""


def leased(machine: Machine, end: str) -> None:
    """A checkout with the real command for leases, in which gke-dev has one until `end`."""
    machine.own_state("gke-dev", "remote")
    file = machine.checkout / "environments" / "gke-dev.toml"
    file.write_text(f"expires_at = {end}\n{file.read_text()}")
    for source in ("commands", "constructs", "leases", "stacks", "services", "preview", "terraform_cli"):
        (machine.checkout / source).symlink_to(ROOT / source)
    # Of this checkout, whose environments are those of the test.
    here = f"import stacks.paths as p, pathlib; p.ENVIRONMENTS = pathlib.Path('{machine.checkout}/environments')"
    program = machine.checkout / "run.py"
    program.write_text(f"{here}\nfrom commands.app import main\nmain()\n")
    machine.install("real", REAL.replace("-m commands", str(program)))
    machine.install("modelyard", LEASES)


PAST, TO_COME = "2026-01-01T00:00:00Z", "2126-01-01T00:00:00Z"


def teardown(machine: Machine, due: str) -> Job:
    (environment,) = json.loads(due)
    needs = {"look": {"outputs": {"due": due}}}
    return ran(machine.run("expiry", "teardown", matrix={"environment": environment}, vars=GOOGLE, needs=needs))


@pytest.mark.slow
def test_what_has_expired_is_said_and_torn_down(machine: Machine, fake: FakeGitHub) -> None:
    leased(machine, PAST)

    look = ran(machine.run("expiry", "look", github={"token": "token"}))

    assert look.succeeded, look.output
    assert [each["title"] for each in fake.issues] == ["The lease of gke-dev ends at 2026-01-01 00:00 UTC"]
    job = teardown(machine, look.outputs["due"])
    assert job.succeeded, job.output
    assert machine.called()[-1] == "modelyard teardown gke-dev --yes --keep-stores --volumes snapshot"


@pytest.mark.slow
def test_what_was_prolonged_while_the_teardown_waited_stays(machine: Machine) -> None:
    leased(machine, TO_COME)

    job = teardown(machine, '[{"name": "gke-dev", "cloud": "gke"}]')

    assert job.succeeded, job.output
    assert "::notice::main says by now that gke-dev stays" in job.output
    assert [line for line in machine.called() if "teardown" in line] == []


def test_where_nobody_has_a_lease_nothing_is_installed(machine: Machine, fake: FakeGitHub) -> None:
    fake.issues.append({"number": 1, "state": "open", "body": None})

    job = ran(machine.run("expiry", "look", github={"token": "token"}))

    assert job.succeeded, job.output
    assert [step.name for step in job.steps] == [
        "actions/checkout",
        "Look whether there is a lease, or an issue of one",
    ]
    assert job.outputs == {"due": ""}
    for due in ("", "[]"):
        assert machine.run("expiry", "teardown", needs={"look": {"outputs": {"due": due}}}) is None


@pytest.mark.slow
def test_the_issue_of_a_lease_that_was_ended_is_closed(machine: Machine, fake: FakeGitHub) -> None:
    leased(machine, TO_COME)
    file = machine.checkout / "environments" / "gke-dev.toml"
    file.write_text(file.read_text().partition("\n")[2])
    bot = {"login": "github-actions[bot]", "type": "Bot"}
    url = f"{fake.url}/repos/{REPOSITORY}/issues/1"
    body = "<!-- modelyard lease gke-dev -->\nsoon\n"
    fake.issues.append({"number": 1, "state": "open", "body": body, "user": bot, "url": url})

    job = ran(machine.run("expiry", "look", github={"token": "token"}))

    assert job.succeeded, job.output
    assert job.outputs == {"due": "[]"}
    assert fake.issues[0]["state"] == "closed"
