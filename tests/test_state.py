import datetime

from stacks.gke.settings import GkeSettings
from stacks.settings import ProtectionLifted
from tests.conftest import Stacks, Synthesise, resource


def test_the_bucket_is_versioned_private_and_expires_old_versions(stacks: Stacks) -> None:
    bucket = resource(stacks["gke-dev-state"], "google_storage_bucket")

    assert bucket["versioning"] == {"enabled": True}
    assert bucket["uniform_bucket_level_access"] is True
    assert bucket["public_access_prevention"] == "enforced"
    (rule,) = bucket["lifecycle_rule"]
    assert rule["action"] == {"type": "Delete"}
    # Of versions that are no longer the current one, and only of those.
    assert rule["condition"] == {"days_since_noncurrent_time": 90, "with_state": "ARCHIVED"}


def test_without_a_record_bucket_and_cluster_are_not_destroyed(settings: GkeSettings, synthesise: Synthesise) -> None:
    stacks = synthesise(settings.model_copy(update={"protection_lifted": None}))

    bucket = resource(stacks["gke-dev-state"], "google_storage_bucket")
    assert bucket["lifecycle"] == {"prevent_destroy": True}
    assert bucket["force_destroy"] is False
    assert resource(stacks["gke-dev-cluster"], "google_container_cluster")["deletion_protection"] is True


def test_a_record_lifts_the_protection(settings: GkeSettings, synthesise: Synthesise) -> None:
    record = ProtectionLifted(on=datetime.date(2026, 11, 20), by="ada", reason="it goes")
    stacks = synthesise(settings.model_copy(update={"protection_lifted": record}))

    bucket = resource(stacks["gke-dev-state"], "google_storage_bucket")
    assert bucket["lifecycle"] == {"prevent_destroy": False}
    assert bucket["force_destroy"] is True
    assert resource(stacks["gke-dev-cluster"], "google_container_cluster")["deletion_protection"] is False


def test_every_stack_but_the_buckets_own_keeps_its_state_in_the_bucket(stacks: Stacks) -> None:
    backends = {id_: stack["terraform"]["backend"] for id_, stack in stacks.items()}

    own = backends.pop("gke-dev-state")
    assert own == {"local": {"path": "../../../terraform.gke-dev-state.tfstate"}}
    bucket = resource(stacks["gke-dev-state"], "google_storage_bucket")["name"]
    assert backends == {id_: {"gcs": {"bucket": bucket, "prefix": id_}} for id_ in backends}


def test_after_the_move_the_bucket_keeps_its_own_state(settings: GkeSettings, synthesise: Synthesise) -> None:
    moved = settings.model_copy(update={"state": settings.state.model_copy(update={"own_state": "remote"})})

    stack = synthesise(moved)["gke-dev-state"]

    bucket = resource(stack, "google_storage_bucket")["name"]
    assert stack["terraform"]["backend"] == {"gcs": {"bucket": bucket, "prefix": "gke-dev-state"}}


def test_two_environments_share_no_stack_and_no_bucket(settings: GkeSettings, synthesise: Synthesise) -> None:
    ours, others = synthesise(settings), synthesise(settings.model_copy(update={"name": "gke-two"}))

    assert not set(ours) & set(others)
    assert settings.state_bucket not in str(others)
