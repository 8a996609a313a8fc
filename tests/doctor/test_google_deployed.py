"""What is deployed on Google Cloud already: registry, states and cluster, in every condition."""

import base64
from pathlib import Path

from modelyard.errors import ConfigurationError

import pytest

from doctor.check import Finding
from doctor.declared import Declared
from doctor.reach import is_signed_in
from stacks.gke.settings import GkeSettings
from tests.doctor.google_world import GoogleProject, plant_cluster
from tests.doctor.kube import api_server
from tests.doctor.looking import look
from tests.leftovers.fake_google import PROJECT
from tests.leftovers.http_server import Answer, serve
from tests.test_silent_cluster import deaf_server

pytestmark = pytest.mark.slow

STATE_STACK = "npx cdktf deploy gke-dev-state"


def test_a_registry_that_lets_nobody_push(google: GoogleProject, gke: Declared) -> None:
    google.withheld = {"artifactregistry.repositories.uploadArtifacts"}
    finding = look("image registry", gke)
    assert (finding.state, finding.found) == ("fail", "whoever is logged in may not push in gke-dev")
    assert "--role roles/artifactregistry.writer" in finding.mend

    google.has_stores = False
    assert look("image registry", gke) == Finding(
        "skipped", "not made yet: modelyard up gke-dev --only gke-dev-registry"
    )


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


def test_the_state_store(google: GoogleProject, gke: Declared) -> None:
    google.withheld = {"storage.objects.delete"}
    finding = look("state store", gke)
    assert (finding.state, finding.found) == ("fail", f"{PROJECT}-gke-dev-state: missing storage.objects.delete")
    assert f"add-iam-policy-binding gs://{PROJECT}-gke-dev-state" in finding.mend

    google.has_stores = False
    assert look("state store", gke).found == f"{PROJECT}-gke-dev-state is not made yet: {STATE_STACK}"
    settings = gke.settings
    assert isinstance(settings, GkeSettings)
    moved = settings.model_copy(update={"state": settings.state.model_copy(update={"own_state": "remote"})})
    finding = look("state store", gke, moved)
    assert finding.state == "fail"
    assert finding.mend == f'write own_state = "local" there, then: {STATE_STACK}'


def test_the_login_program(google: GoogleProject, gke: Declared, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look("login program", gke).state == "ok"
    monkeypatch.setenv("PATH", "/nowhere")
    finding = look("login program", gke)
    assert (finding.state, finding.found) == ("fail", "gke-gcloud-auth-plugin is missing")
    assert finding.mend.startswith("gcloud components install gke-gcloud-auth-plugin")
    assert look("cluster", gke) == Finding("skipped", "needs login program")


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
def test_the_cluster(google: GoogleProject, gke: Declared, nodes: Answer, state: str, found: str) -> None:
    settings = gke.settings
    assert isinstance(settings, GkeSettings)
    plant_cluster(google, settings)
    assert look("cluster", gke) == Finding("warn", "gke-dev is RUNNING", "wait until GKE is done with it")
    with api_server(nodes) as (endpoint, certificate):
        google.clusters.clear()
        plant_cluster(google, settings, endpoint=endpoint, masterAuth=trusting(certificate))
        finding = look("cluster", gke)

    assert finding.state == state, finding
    assert found in finding.found


def test_a_cluster_that_does_not_answer_this_machine(
    google: GoogleProject, gke: Declared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doctor.reach.ANSWER_SECONDS", 1)
    settings = gke.settings
    assert isinstance(settings, GkeSettings)
    with deaf_server() as port, api_server(Answer()) as (_, certificate):
        plant_cluster(google, settings, endpoint=f"127.0.0.1:{port}", masterAuth=trusting(certificate))
        finding = look("cluster", gke)

    assert finding.state == "fail"
    assert "the cluster does not answer" in finding.found
    assert finding.mend.startswith("is this machine's address in control_plane_ranges, 203.0.113.0/24?")
