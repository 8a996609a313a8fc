"""Google Cloud in every condition, over HTTP: each question and answer is held against Google's discovery documents."""

import base64
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelyard.errors import ConfigurationError

import pytest
from google.oauth2 import credentials as user_credentials

from doctor.check import Check, Finding, Result, ok, run
from doctor.declared import Declared
from doctor.google import Google
from doctor.google_permissions import permissions, unknown
from doctor.reach import is_signed_in
from leftovers.google_client import client
from stacks.environments import environment_names, load_settings
from stacks.gke.settings import GkeSettings
from stacks.paths import ROOT
from tests.conftest import Synthesise, command_environment
from tests.doctor.google_world import GoogleProject, plant_cluster, project
from tests.doctor.kube import TOKEN, api_server, put_login_program
from tests.leftovers.fake_google import PROJECT, refusal
from tests.leftovers.google_estate import Remains, plant_nodes, plant_service
from tests.leftovers.http_server import Answer, serve
from tests.test_silent_cluster import deaf_server

Served = tuple[GoogleProject, dict[str, str]]
STATE_STACK = "npx cdktf deploy gke-dev-state"


#: In the place of the check that synthesises, which was made once.
SYNTHESISED = Check(name="stacks", group="g", about="a", look=lambda: ok("synthesised"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    world = GoogleProject()
    with project(world, tmp_path_factory.mktemp("google")) as variables:
        yield world, variables


@pytest.fixture
def world(
    server: tuple[GoogleProject, dict[str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> GoogleProject:
    """A project in which all is well; a login program that knows a token."""
    world, variables = server
    world.empty()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("doctor.google_api.client", _client)
    put_login_program(tmp_path / "programs", "gke-gcloud-auth-plugin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}:/usr/bin:/bin")
    return world


CLIENTS: dict[tuple[str, ...], Any] = {}


def _client(api: str, version: str, credentials: Any, *, seconds: float) -> Any:  # noqa: ANN401 - built at run time
    """Built once: the library takes half a second to make methods of a discovery document."""
    where = os.environ.get(f"GOOGLE_{api.upper()}_CUSTOM_ENDPOINT", "")
    who = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS", "")
    key = (api, version, where, who, threading.current_thread().name)
    if key not in CLIENTS:
        CLIENTS[key] = client(api, version, credentials, seconds=seconds)
    return CLIENTS[key]


@pytest.fixture(scope="module")
def declared() -> Declared:
    """What gke-dev declares, synthesised once."""
    found = Declared(load_settings("gke-dev"))
    (stacks,) = run([each for each in found.checks() if each.name == "stacks"])
    assert stacks.finding.state == "ok", stacks
    return found


def examine(declared: Declared, settings: GkeSettings | None = None) -> dict[str, Result]:
    """All checks of Google Cloud, by name; none of them told a token."""
    known = settings or declared.settings
    assert isinstance(known, GkeSettings)
    results = run([SYNTHESISED, *Google(known, declared).checks()])
    assert TOKEN not in str(results)
    assert "BEGIN PRIVATE KEY" not in str(results)
    return {each.check.name: each for each in results}


def look(name: str, declared: Declared, settings: GkeSettings | None = None) -> Finding:
    """What one check finds, made with those that it needs and no others."""
    known = settings or declared.settings
    assert isinstance(known, GkeSettings)
    checks = {each.name: each for each in (SYNTHESISED, *Google(known, declared).checks())}
    wanted, left = set(), [name]
    while left:
        wanted.add(each := left.pop())
        left += checks[each].needs
    results = run([check for check in checks.values() if check.name in wanted])
    assert TOKEN not in str(results)
    return next(each.finding for each in results if each.check.name == name)


def test_a_project_in_which_all_is_well(world: GoogleProject, declared: Declared) -> None:
    results = examine(declared)

    states = {name: each.finding.state for name, each in results.items()}
    # No cluster is made yet, and no registry of Google's is reached from a test.
    assert {name for name, state in states.items() if state != "ok"} == {"cluster", "registry login"}
    assert results["google login"].finding.found.startswith("sweeper@example.com, token until ")
    assert results["project"].finding.found == f"{PROJECT}, number 123456789012"
    assert results["apis"].finding.found == "artifactregistry, compute, container, iam, storage"
    assert results["cluster"].finding == Finding("skipped", "not made yet: npx cdktf deploy gke-dev-cluster")
    # Google's own words, so that they are found again there.
    assert results["quotas"].finding.found.splitlines()[0] == (
        "PREEMPTIBLE_CPUS in us-central1: 6 needed, limit 24, 0 in use"
    )
    assert {path for _, path in world.requests if "testIamPermissions" in path} >= {
        f"/v3/projects/{PROJECT}:testIamPermissions"
    }


def test_nobody_is_logged_in(declared: Declared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")

    results = examine(declared)

    login = results.pop("google login").finding
    assert login.state == "fail"
    assert "nobody is logged in to Google Cloud" in login.found
    assert login.mend.startswith("gcloud auth application-default login")
    asking = {name: each.finding for name, each in results.items() if name not in ("stacks", "login program")}
    assert {each.state for each in asking.values()} == {"skipped"}
    assert asking["project"].found == "needs google login"
    assert asking["cluster"].found == "needs project"


def test_a_login_that_has_expired(world: GoogleProject, declared: Declared) -> None:
    said = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    world.faults["token"] = [Answer(said, 400)] * 5

    login = look("google login", declared)

    assert login.state == "fail"
    assert "Token has been expired or revoked." in login.found
    assert login.mend.startswith("gcloud auth application-default login")


def test_a_person_is_told_by_address(
    world: GoogleProject, server: Served, declared: Declared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "application_default_credentials.json"
    file.write_text(
        json.dumps({"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": TOKEN})
    )
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    token_uri = server[1]["GOOGLE_OAUTH2_CUSTOM_ENDPOINT"] + "token"
    monkeypatch.setattr(user_credentials, "_GOOGLE_OAUTH2_TOKEN_ENDPOINT", token_uri)
    assert look("google login", declared).found.startswith("ada@example.com, token until ")

    world.faults["oauth2.userinfo.get"] = [refusal(403, "insufficientPermissions", "no scope for that")]
    assert look("google login", declared).found.startswith("a login that does not tell its name, token until ")


@pytest.mark.parametrize(
    ("state", "found", "mend"),
    [
        (None, f"{PROJECT}: 403: The caller does not have permission", "project_id into environments/gke-dev.toml"),
        ("DELETE_REQUESTED", f"{PROJECT} is DELETE_REQUESTED", f"gcloud projects undelete {PROJECT}"),
    ],
)
def test_a_project_that_is_not_there(
    world: GoogleProject, declared: Declared, state: str | None, found: str, mend: str
) -> None:
    world.state = state

    finding = look("project", declared)

    assert (finding.state, finding.found) == ("fail", found)
    assert mend in finding.mend


def test_nobody_pays(world: GoogleProject, declared: Declared) -> None:
    world.is_paid = False
    finding = look("billing", declared)
    assert (finding.state, finding.found) == ("fail", "no billing account pays for it")
    assert finding.mend == f"link one: https://console.cloud.google.com/billing/linkedaccount?project={PROJECT}"

    world.enabled = {"cloudresourcemanager.googleapis.com"}
    assert look("billing", declared) == Finding(
        "skipped",
        "the API cloudbilling.googleapis.com is not enabled "
        f"(gcloud services enable cloudbilling.googleapis.com --project {PROJECT})",
    )


def test_apis_that_are_not_enabled(world: GoogleProject, declared: Declared) -> None:
    world.enabled = {f"{each}.googleapis.com" for each in ("cloudresourcemanager", "serviceusage", "storage", "iam")}

    finding = look("apis", declared)
    assert finding.state == "warn"
    missing = ["artifactregistry", "compute", "container"]
    assert finding.found == f"not enabled yet: {', '.join(f'{each}.googleapis.com' for each in missing)}"
    assert f"gcloud services enable {' '.join(f'{each}.googleapis.com' for each in missing)} --project" in finding.mend
    # Nothing of theirs can be looked at, and nothing of it is wrong.
    assert look("quotas", declared) == Finding(
        "skipped", "the API compute.googleapis.com is not enabled; a deploy enables it"
    )
    assert look("image registry", declared).state == look("cluster", declared).state == "skipped"

    world.enabled = {"storage.googleapis.com"}
    finding = look("project", declared)
    assert (finding.state, finding.found) == ("fail", "the API cloudresourcemanager.googleapis.com is not enabled")
    assert finding.mend == f"gcloud services enable cloudresourcemanager.googleapis.com --project {PROJECT}"


def test_each_permission_that_is_missing_is_named(world: GoogleProject, declared: Declared) -> None:
    wanted = permissions(declared.types)
    assert {"container.clusters.create", "iam.serviceAccounts.actAs", "storage.buckets.create"} <= set(wanted)
    for withheld in (wanted[:1], wanted[3:6], wanted):
        world.withheld = set(withheld)
        finding = look("permissions", declared)
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


@pytest.mark.parametrize(
    ("metric", "needed", "where"),
    [
        ("PREEMPTIBLE_CPUS", 6, "us-central1"),
        ("DISKS_TOTAL_GB", 300, "us-central1"),
        ("CPUS_ALL_REGIONS", 6, "all regions"),
    ],
)
def test_a_quota_that_is_short_by_one(
    world: GoogleProject, declared: Declared, metric: str, needed: int, where: str
) -> None:
    def limit(number: int) -> None:
        everywhere = number if metric == "CPUS_ALL_REGIONS" else 32
        world.set_quotas(everywhere=everywhere, **({} if metric == "CPUS_ALL_REGIONS" else {metric: number}))

    limit(needed)
    assert look("quotas", declared).state == "ok"
    limit(needed - 1)
    finding = look("quotas", declared)

    assert finding.state == "fail"
    assert finding.found == f"{metric} in {where}: {needed} needed, limit {needed - 1}, 0 in use: 1 short"
    assert f"https://console.cloud.google.com/iam-admin/quotas?project={PROJECT}" in finding.mend
    assert "environments/gke-dev.toml: cluster.node_pool.max_nodes" in finding.mend


def test_what_others_use_counts(world: GoogleProject, declared: Declared) -> None:
    world.set_quotas(used=19)

    finding = look("quotas", declared)

    assert "PREEMPTIBLE_CPUS in us-central1: 6 needed, limit 24, 19 in use: 1 short" in finding.found.splitlines()


def test_what_a_living_cluster_has_need_not_be_had_twice(world: GoogleProject, declared: Declared) -> None:
    settings = declared.settings
    assert isinstance(settings, GkeSettings)
    ours = Remains("gke-dev", environment="gke-dev")
    plant_nodes(world, ours)
    plant_service(world, ours)
    world.set_quotas(used=1, PREEMPTIBLE_CPUS=6, DISKS_TOTAL_GB=4096)

    assert "PREEMPTIBLE_CPUS in us-central1: 6 needed, limit 6, 1 in use: 1 short" in look("quotas", declared).found
    plant_cluster(world, settings)
    assert look("quotas", declared).state == "ok"
    assert "6 needed, limit 6, 1 in use, 1 by this environment" in look("quotas", declared).found


def test_without_a_quota_for_preemptible_cores_they_count_like_all_others(
    world: GoogleProject, declared: Declared
) -> None:
    world.set_quotas(PREEMPTIBLE_CPUS=0, CPUS=5)

    assert look("quotas", declared).found == "CPUS in us-central1: 6 needed, limit 5, 0 in use: 1 short"


def test_a_region_and_a_machine_that_there_are_not(world: GoogleProject, declared: Declared) -> None:
    world.things = {path: each for path, each in world.things.items() if "machineTypes" not in path}
    finding = look("quotas", declared)
    assert (finding.state, finding.found) == ("fail", "us-central1 has no machines of type n1-standard-1")
    assert finding.mend.endswith("environments/gke-dev.toml: cluster.node_pool.machine_type")

    del world.things[f"projects/{PROJECT}/regions/us-central1"]
    finding = look("quotas", declared)
    assert (finding.state, finding.found) == ("fail", "there is no region us-central1")
    assert "gcloud compute regions list" in finding.mend


def test_a_registry_that_lets_nobody_push(world: GoogleProject, declared: Declared) -> None:
    world.withheld = {"artifactregistry.repositories.uploadArtifacts"}
    finding = look("image registry", declared)
    assert (finding.state, finding.found) == ("fail", "whoever is logged in may not push in gke-dev")
    assert "--role roles/artifactregistry.writer" in finding.mend

    world.has_stores = False
    assert look("image registry", declared) == Finding("skipped", "not made yet: npx cdktf deploy gke-dev-registry")


@pytest.mark.parametrize(("status", "state"), [(200, "ok"), (404, "ok"), (401, "fail")])
def test_whether_a_registry_knows_this_machine(
    status: int, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with serve(lambda _: Answer(status=status)) as port:
        finding = is_signed_in([f"127.0.0.1:{port}/gke-dev/web:tag"], "sign in")

    assert (finding.state, finding.mend) == (state, "sign in" if state == "fail" else "")
    with pytest.raises(ConfigurationError, match="does not answer"):
        is_signed_in([f"127.0.0.1:{port}/gke-dev/web:tag"], "sign in")


def test_the_state_store(world: GoogleProject, declared: Declared) -> None:
    world.withheld = {"storage.objects.delete"}
    finding = look("state store", declared)
    assert (finding.state, finding.found) == ("fail", f"{PROJECT}-gke-dev-state: missing storage.objects.delete")
    assert f"add-iam-policy-binding gs://{PROJECT}-gke-dev-state" in finding.mend

    world.has_stores = False
    assert look("state store", declared).found == f"{PROJECT}-gke-dev-state is not made yet: {STATE_STACK}"
    settings = declared.settings
    assert isinstance(settings, GkeSettings)
    moved = settings.model_copy(update={"state": settings.state.model_copy(update={"own_state": "remote"})})
    finding = look("state store", declared, moved)
    assert finding.state == "fail"
    assert finding.mend == f'write own_state = "local" there, then: {STATE_STACK}'


def test_the_login_program(world: GoogleProject, declared: Declared, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look("login program", declared).state == "ok"
    monkeypatch.setenv("PATH", "/nowhere")
    finding = look("login program", declared)
    assert (finding.state, finding.found) == ("fail", "gke-gcloud-auth-plugin is missing")
    assert finding.mend.startswith("gcloud components install gke-gcloud-auth-plugin")
    assert look("cluster", declared) == Finding("skipped", "needs login program")


def trusting(certificate: bytes) -> dict[str, str]:
    """As GKE tells it."""
    return {"clusterCaCertificate": base64.b64encode(certificate).decode()}


NODES = [
    {"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}
    for name, ready in (("one", "True"), ("two", "False"))
]


@pytest.mark.parametrize(
    ("nodes", "state", "found"),
    [
        (Answer({"items": NODES}), "ok", "it answers: 1 of 2 nodes are ready"),
        (
            Answer({"message": "nodes is forbidden"}, 403),
            "warn",
            "it answers, and does not let you list nodes: nodes is",
        ),
        (Answer({"message": "Unauthorized"}, 401), "fail", "the cluster does not know who you are: Unauthorized"),
    ],
)
def test_the_cluster(world: GoogleProject, declared: Declared, nodes: Answer, state: str, found: str) -> None:
    settings = declared.settings
    assert isinstance(settings, GkeSettings)
    plant_cluster(world, settings)
    assert look("cluster", declared) == Finding("warn", "gke-dev is RUNNING", "wait until GKE is done with it")
    with api_server(nodes) as (endpoint, certificate):
        world.clusters.clear()
        plant_cluster(world, settings, endpoint=endpoint, masterAuth=trusting(certificate))
        finding = look("cluster", declared)

    assert finding.state == state, finding
    assert found in finding.found


def test_a_cluster_that_does_not_answer_this_machine(
    world: GoogleProject, declared: Declared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doctor.reach.ANSWER_SECONDS", 1)
    settings = declared.settings
    assert isinstance(settings, GkeSettings)
    with deaf_server() as port, api_server(Answer()) as (_, certificate):
        plant_cluster(world, settings, endpoint=f"127.0.0.1:{port}", masterAuth=trusting(certificate))
        finding = look("cluster", declared)

    assert finding.state == "fail"
    assert "the cluster does not answer" in finding.found
    assert finding.mend.startswith("is this machine's address in control_plane_ranges, 203.0.113.0/24?")


def test_an_api_that_hangs_holds_up_nothing_else(
    world: GoogleProject, declared: Declared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doctor.google_api._SECONDS", 0.5)
    with deaf_server() as port:
        monkeypatch.setenv("GOOGLE_COMPUTE_CUSTOM_ENDPOINT", f"http://127.0.0.1:{port}/compute/v1/")
        clock = time.monotonic()
        results = examine(declared)

    assert time.monotonic() - clock < 15
    assert results["quotas"].finding.state == "fail"
    assert results["quotas"].finding.found == "Google does not answer: TimeoutError"
    assert results["permissions"].finding.state == "ok"


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
def test_a_refusal_is_told_with_its_mend(world: GoogleProject, declared: Declared, method: str, name: str) -> None:
    world.faults[method] = [refusal(403, "forbidden", "Permission denied on it")] * 3

    finding = look(name, declared)

    assert (finding.state, finding.found) == ("fail", "403: Permission denied on it")
    assert finding.mend == f"ask who owns the project {PROJECT} for the right to see that"


def test_the_command_asks_all_of_it_and_prints_no_secret(world: GoogleProject, server: Served) -> None:
    world.set_quotas(PREEMPTIBLE_CPUS=5)

    done = subprocess.run(
        [sys.executable, "-m", "commands", "doctor", "gke-dev"],
        cwd=ROOT,
        env=command_environment(ROOT) | server[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert (done.returncode, done.stderr) == (1, "")
    assert "✓ permissions" in done.stdout
    assert "PREEMPTIBLE_CPUS in us-central1: 6 needed, limit 5, 0 in use: 1 short" in done.stdout
    assert TOKEN not in done.stdout
    assert "PRIVATE KEY" not in done.stdout
