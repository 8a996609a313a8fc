import datetime
from pathlib import Path

from modelyard.errors import ConfigurationError

import pytest

from policies.exceptions import Finding, PolicyException, judge, load

DAY = datetime.date(2027, 5, 31)
FINDING = Finding("CKV_GCP_26", "flow logs", "gke-dev-cluster", "google_compute_subnetwork.gke_network_C36D7C85")
ACCEPTED = PolicyException(
    check="CKV_GCP_26", resource="google_compute_subnetwork.gke_*", reason="flow logs are billed", expires=DAY
)


def test_a_finding_without_exception_fails() -> None:
    verdict = judge([FINDING], [], DAY, environment="gke-dev")

    assert verdict.failed == [(FINDING, None)]


def test_an_exception_holds_to_the_end_of_its_last_day_and_no_longer() -> None:
    assert judge([FINDING], [ACCEPTED], DAY, environment="gke-dev").accepted == [(FINDING, ACCEPTED)]
    assert judge([FINDING], [ACCEPTED], DAY + datetime.timedelta(days=1), environment="gke-dev").failed == [
        (FINDING, ACCEPTED)
    ]


@pytest.mark.parametrize(
    "other",
    [
        Finding("CKV_GCP_61", "flow logs", "gke-dev-cluster", FINDING.resource),
        Finding("CKV_GCP_26", "flow logs", "gke-dev-cluster", "google_compute_subnetwork.other"),
    ],
)
def test_an_exception_covers_its_own_check_and_resource_only(other: Finding) -> None:
    verdict = judge([other], [ACCEPTED], DAY, environment="gke-dev")

    assert verdict.failed == [(other, None)]
    assert verdict.unused == [ACCEPTED]


def test_an_exception_for_an_environment_holds_and_is_needed_there_only() -> None:
    for_dev = ACCEPTED.model_copy(update={"environments": ("gke-dev",)})

    assert judge([FINDING], [for_dev], DAY, environment="gke-dev").accepted == [(FINDING, for_dev)]
    assert judge([FINDING], [for_dev], DAY, environment="prod").failed == [(FINDING, None)]
    assert judge([], [for_dev], DAY, environment="gke-dev").unused == [for_dev]
    assert judge([], [for_dev], DAY, environment="prod").unused == []


def test_an_exception_for_an_environment_without_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "exceptions.toml"
    file.write_text(
        '[[exception]]\ncheck = "CKV_GCP_26"\nresource = "a.b"\nreason = "flow logs are billed"\n'
        'expires = 2027-05-31\nenvironments = ["gke-dev", "staging"]'
    )

    with pytest.raises(
        ConfigurationError, match=r"exception\.environments\n  given staging for CKV_GCP_26; allowed: aks-dev, gke-dev"
    ):
        load(file)


def test_the_committed_exceptions_can_be_read() -> None:
    assert load()


@pytest.mark.parametrize("line", ["expires = 2027-05-31", 'reason = "flow logs are billed"'])
def test_an_exception_without_reason_or_date_is_refused(tmp_path: Path, line: str) -> None:
    whole = (
        '[[exception]]\ncheck = "CKV_GCP_26"\nresource = "a.b"\nreason = "flow logs are billed"\nexpires = 2027-05-31'
    )
    file = tmp_path / "exceptions.toml"
    file.write_text(whole)
    assert len(load(file)) == 1

    file.write_text(whole.replace(line, ""))
    with pytest.raises(ConfigurationError, match=r"policies/exceptions\.toml"):
        load(file)
