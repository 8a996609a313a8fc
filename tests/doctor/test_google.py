"""Google Cloud in every condition, over HTTP: each question and answer is held against Google's discovery documents."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from google.oauth2 import credentials as user_credentials

from doctor.check import Finding
from doctor.declared import Declared
from doctor.google_permissions import permissions, unknown
from stacks.environments import environment_names, load_settings
from stacks.paths import ROOT
from tests.conftest import Synthesise, command_environment
from tests.doctor.conftest import Served
from tests.doctor.google_world import GoogleProject
from tests.doctor.kube import TOKEN
from tests.doctor.looking import SECRETS, examine, look
from tests.leftovers.fake_google import PROJECT, refusal
from tests.leftovers.http_server import Answer
from tests.test_silent_cluster import deaf_server

pytestmark = pytest.mark.slow


def test_a_project_in_which_all_is_well(google: GoogleProject, gke: Declared) -> None:
    results = examine(gke)

    states = {name: each.state for name, each in results.items()}
    # No cluster is made yet, and no registry of Google's is reached from a test.
    assert {name for name, state in states.items() if state != "ok"} == {"cluster", "registry login"}
    assert results["google login"].found.startswith("sweeper@example.com, token until ")
    assert results["project"].found == f"{PROJECT}, number 123456789012"
    assert results["apis"].found == "artifactregistry, compute, container, iam, storage"
    assert results["cluster"] == Finding("skipped", "not made yet: modelyard up gke-dev --only gke-dev-cluster")
    # Google's own words, so that they are found again there.
    assert results["quotas"].found.splitlines()[0] == ("PREEMPTIBLE_CPUS in us-central1: 6 needed, limit 24, 0 in use")
    assert {path for _, path in google.requests if "testIamPermissions" in path} >= {
        f"/v3/projects/{PROJECT}:testIamPermissions"
    }


def test_nobody_is_logged_in(gke: Declared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")

    results = examine(gke)

    login = results.pop("google login")
    assert login.state == "fail"
    assert "nobody is logged in to Google Cloud" in login.found
    assert login.mend.startswith("gcloud auth application-default login")
    asking = {name: each for name, each in results.items() if name not in ("stacks", "login program")}
    assert {each.state for each in asking.values()} == {"skipped"}
    assert asking["project"].found == "needs google login"
    assert asking["cluster"].found == "needs project"


@pytest.mark.usefixtures("google")
@pytest.mark.parametrize(
    "content",
    [
        f"{{{TOKEN}",
        "{}",
        f'{{"type": "authorized_user", "refresh_token": "{TOKEN}"}}',
        '{"type": "service_account", "client_email": "a@b.c", "token_uri": "", "private_key": "BEGIN PRIVATE KEY"}',
    ],
)
def test_a_login_that_is_broken_is_told_without_what_is_in_it(
    gke: Declared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    (tmp_path / "login.json").write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "login.json"))

    login = look("google login", gke)

    assert login.state == "fail"
    assert login.found.startswith("nobody is logged in to Google Cloud: ")
    assert login.mend.startswith("gcloud auth application-default login")


def test_a_login_that_has_expired(google: GoogleProject, gke: Declared) -> None:
    said = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    google.faults["token"] = [Answer(said, 400)] * 5

    login = look("google login", gke)

    assert login.state == "fail"
    assert "Token has been expired or revoked." in login.found
    assert login.mend.startswith("gcloud auth application-default login")


def test_a_person_is_told_by_address(
    google: GoogleProject, google_server: Served, gke: Declared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "application_default_credentials.json"
    file.write_text(
        json.dumps({"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": TOKEN})
    )
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    token_uri = google_server[1]["GOOGLE_OAUTH2_CUSTOM_ENDPOINT"] + "token"
    monkeypatch.setattr(user_credentials, "_GOOGLE_OAUTH2_TOKEN_ENDPOINT", token_uri)
    assert look("google login", gke).found.startswith("ada@example.com, token until ")

    google.faults["oauth2.userinfo.get"] = [refusal(403, "insufficientPermissions", "no scope for that")]
    assert look("google login", gke).found.startswith("a login that does not tell its name, token until ")


@pytest.mark.parametrize(
    ("state", "found", "mend"),
    [
        (None, f"{PROJECT}: 403: The caller does not have permission", "project_id into environments/gke-dev.toml"),
        ("DELETE_REQUESTED", f"{PROJECT} is DELETE_REQUESTED", f"gcloud projects undelete {PROJECT}"),
    ],
)
def test_a_project_that_is_not_there(
    google: GoogleProject, gke: Declared, state: str | None, found: str, mend: str
) -> None:
    google.state = state

    finding = look("project", gke)

    assert (finding.state, finding.found) == ("fail", found)
    assert mend in finding.mend


def test_nobody_pays(google: GoogleProject, gke: Declared) -> None:
    google.is_paid = False
    finding = look("billing", gke)
    assert (finding.state, finding.found) == ("fail", "no billing account pays for it")
    assert finding.mend == f"link one: https://console.cloud.google.com/billing/linkedaccount?project={PROJECT}"

    google.enabled = {"cloudresourcemanager.googleapis.com"}
    assert look("billing", gke) == Finding(
        "skipped",
        "the API cloudbilling.googleapis.com is not enabled "
        f"(gcloud services enable cloudbilling.googleapis.com --project {PROJECT})",
    )


def test_apis_that_are_not_enabled(google: GoogleProject, gke: Declared) -> None:
    google.enabled = {f"{each}.googleapis.com" for each in ("cloudresourcemanager", "serviceusage", "storage", "iam")}

    finding = look("apis", gke)
    assert finding.state == "warn"
    missing = ["artifactregistry", "compute", "container"]
    assert finding.found == f"not enabled yet: {', '.join(f'{each}.googleapis.com' for each in missing)}"
    assert f"gcloud services enable {' '.join(f'{each}.googleapis.com' for each in missing)} --project" in finding.mend
    # Nothing of theirs can be looked at, and nothing of it is wrong.
    assert look("quotas", gke) == Finding(
        "skipped", "the API compute.googleapis.com is not enabled; a deploy enables it"
    )
    assert look("image registry", gke).state == look("cluster", gke).state == "skipped"

    google.enabled = {"storage.googleapis.com"}
    finding = look("project", gke)
    assert (finding.state, finding.found) == ("fail", "the API cloudresourcemanager.googleapis.com is not enabled")
    assert finding.mend == f"gcloud services enable cloudresourcemanager.googleapis.com --project {PROJECT}"


def test_each_permission_that_is_missing_is_named(google: GoogleProject, gke: Declared) -> None:
    wanted = permissions(gke.types)
    assert {"container.clusters.create", "iam.serviceAccounts.actAs", "storage.buckets.create"} <= set(wanted)
    for withheld in (wanted[:1], wanted[3:6], wanted):
        google.withheld = set(withheld)
        finding = look("permissions", gke)
        assert (finding.state, finding.found) == ("fail", f"missing: {', '.join(withheld)}")
        assert f"https://console.cloud.google.com/iam-admin/iam?project={PROJECT}" in finding.mend


def test_every_type_that_is_declared_anywhere_has_its_permissions(synthesise: Synthesise) -> None:
    types = {
        type_
        for name in environment_names()
        for stack in synthesise(load_settings(name)).values()
        for type_ in stack.get("resource", {})
    }

    assert unknown(types) == []
    assert unknown([*types, "google_sql_database"]) == ["google_sql_database"]


def test_an_api_that_hangs_holds_up_nothing_else(
    google: GoogleProject, gke: Declared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doctor.google_api._SECONDS", 0.5)
    with deaf_server() as port:
        monkeypatch.setenv("GOOGLE_COMPUTE_CUSTOM_ENDPOINT", f"http://127.0.0.1:{port}/compute/v1/")
        clock = time.monotonic()
        results = examine(gke)

    assert time.monotonic() - clock < 15
    assert results["quotas"].state == "fail"
    assert results["quotas"].found == "Google does not answer: TimeoutError"
    assert results["permissions"].state == "ok"


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("serviceusage.services.batchGet", "apis"),
        ("cloudresourcemanager.projects.testIamPermissions", "permissions"),
        ("compute.regions.get", "quotas"),
        ("artifactregistry.projects.locations.repositories.get", "image registry"),
        ("storage.buckets.testIamPermissions", "state store"),
        ("container.projects.locations.clusters.get", "cluster"),
    ],
)
def test_a_refusal_is_told_with_its_mend(google: GoogleProject, gke: Declared, method: str, name: str) -> None:
    google.faults[method] = [refusal(403, "forbidden", "Permission denied on it")] * 3

    finding = look(name, gke)

    assert (finding.state, finding.found) == ("fail", "403: Permission denied on it")
    assert finding.mend == f"ask who owns the project {PROJECT} for the right to see that"


@pytest.mark.slow
def test_the_command_asks_all_of_it_and_prints_no_secret(google: GoogleProject, google_server: Served) -> None:
    google.set_quotas(PREEMPTIBLE_CPUS=5)

    done = subprocess.run(
        [sys.executable, "-m", "commands", "doctor", "gke-dev"],
        cwd=ROOT,
        env=command_environment(ROOT) | google_server[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert (done.returncode, done.stderr) == (1, "")
    assert "✓ permissions" in done.stdout
    assert "PREEMPTIBLE_CPUS in us-central1: 6 needed, limit 5, 0 in use: 1 short" in done.stdout
    assert [secret for secret in SECRETS if secret in done.stdout] == []
