import datetime
from pathlib import Path

from modelyard.errors import ConfigurationError

import pytest

from policies.exceptions import PolicyException, load
from policies.findings import Finding
from policies.verdict import Verdict, judge
from stacks.environments import load_settings
from stacks.settings import GithubSettings

DAY = datetime.date(2027, 5, 31)
NEXT_DAY = DAY + datetime.timedelta(days=1)
FINDING = Finding("CKV_GCP_26", "flow logs", "gke-dev-cluster", "google_compute_subnetwork.gke_network_C36D7C85")
WARNING = Finding("MDY_9", "digests", "gke-dev-x", "helm_release.x_1", "no digest", "warn", part="Job/ready")
ACCEPTED = PolicyException(
    check="CKV_GCP_26", resource="google_compute_subnetwork.gke_*", reason="flow logs are billed", expires=DAY
)
LINES = {
    "check": '"CKV_GCP_26"',
    "resource": '"a.b"',
    "reason": '"flow logs are billed"',
    "expires": "2027-05-31",
}


def judged(
    *findings: Finding,
    exceptions: tuple[PolicyException, ...] = (ACCEPTED,),
    day: datetime.date = DAY,
    environment: str = "gke-dev",
    stacks: tuple[str, ...] | None = None,
) -> Verdict:
    return judge(findings, exceptions, day, settings=load_settings(environment), stacks=stacks)


def changed(**values: object) -> PolicyException:
    return ACCEPTED.model_copy(update=values)


def written(folder: Path, **lines: str | None) -> Path:
    file = folder / "exceptions.toml"
    kept = {key: value for key, value in (LINES | lines).items() if value is not None}
    file.write_text("[[exception]]\n" + "\n".join(f"{key} = {value}" for key, value in kept.items()))
    return file


def test_a_denied_finding_without_exception_fails_and_a_warning_does_not() -> None:
    denied = judged(FINDING, exceptions=())
    warned = judged(WARNING, exceptions=())

    assert (denied.failed, denied.warned, denied.is_failure) == ([FINDING], [], True)
    assert (warned.failed, warned.warned, warned.is_failure) == ([], [WARNING], False)


def test_an_exception_holds_to_the_end_of_its_last_day_and_no_longer() -> None:
    living, late = judged(FINDING), judged(FINDING, day=NEXT_DAY)

    assert (living.accepted, living.expired, living.is_failure) == ([(FINDING, ACCEPTED)], [], False)
    assert (late.accepted, late.expired, late.is_failure) == ([], [(FINDING, ACCEPTED)], True)
    assert late.failed == []
    assert late.unused == []


def test_an_expired_exception_of_a_warning_fails_too() -> None:
    exception = changed(check="MDY_9", resource="helm_release.*")

    assert judged(WARNING, exceptions=(exception,)).is_failure is False
    assert judged(WARNING, exceptions=(exception,), day=NEXT_DAY).is_failure is True


def test_a_second_exception_that_lives_longer_counts() -> None:
    longer = changed(expires=NEXT_DAY)

    assert judged(FINDING, exceptions=(ACCEPTED, longer), day=NEXT_DAY).accepted == [(FINDING, longer)]


@pytest.mark.parametrize(
    "other",
    [
        Finding("CKV_GCP_61", "flow logs", "gke-dev-cluster", FINDING.resource),
        Finding("CKV_GCP_26", "flow logs", "gke-dev-cluster", "google_compute_subnetwork.other"),
    ],
)
def test_an_exception_covers_its_own_check_and_resource_only(other: Finding) -> None:
    verdict = judged(other)

    assert verdict.failed == [other]
    assert verdict.unused == [ACCEPTED]


@pytest.mark.parametrize(
    ("resource", "is_covered"),
    [
        ("helm_release.x_*", True),
        ("helm_release.x_*/Job/*", True),
        ("helm_release.x_*/Job/ready", True),
        ("helm_release.x_*/StatefulSet/*", False),
        ("helm_release.x", False),
    ],
)
def test_an_exception_may_be_for_a_part_of_a_release(resource: str, is_covered: bool) -> None:
    exception = changed(check="MDY_9", resource=resource)

    assert bool(judged(WARNING, exceptions=(exception,)).accepted) is is_covered


@pytest.mark.parametrize(
    ("stack", "is_covered"), [("cluster", True), ("clus*", True), ("state", False), ("gke-dev-cluster", False)]
)
def test_an_exception_for_a_stack_holds_there_only(stack: str, is_covered: bool) -> None:
    verdict = judged(FINDING, exceptions=(changed(stack=stack),))

    assert bool(verdict.accepted) is is_covered
    assert bool(verdict.unused) is not is_covered


def test_an_exception_for_an_environment_holds_and_is_needed_there_only() -> None:
    for_dev = changed(environments=("gke-dev",))

    assert judged(FINDING, exceptions=(for_dev,)).accepted == [(FINDING, for_dev)]
    assert judged(FINDING, exceptions=(for_dev,), environment="prod").failed == [FINDING]
    assert judged(exceptions=(for_dev,)).unused == [for_dev]
    assert judged(exceptions=(for_dev,), environment="prod").unused == []


@pytest.mark.parametrize(
    ("stack", "stacks", "is_unused"),
    [
        # All were judged.
        (None, None, True),
        ("cl*", None, True),
        ("iris", None, True),
        # Some were: what the exception is for may be in another.
        (None, ("gke-dev-cluster",), False),
        ("cl*", ("gke-dev-cluster",), False),
        ("iris", ("gke-dev-cluster",), False),
        ("cluster", ("gke-dev-cluster",), True),
    ],
)
def test_an_exception_is_unused_only_where_all_was_judged_that_it_may_match(
    stack: str | None, stacks: tuple[str, ...] | None, is_unused: bool
) -> None:
    verdict = judged(exceptions=(changed(stack=stack),), stacks=stacks)

    assert bool(verdict.unused) is is_unused
    assert verdict.is_failure is is_unused


@pytest.mark.parametrize("has_workflows", [True, False])
def test_exceptions_for_identities_are_missed_only_where_there_are_any(has_workflows: bool) -> None:
    github = GithubSettings(repository="acme/models", repository_id=1, repository_owner_id=2)
    settings = load_settings("gke-dev").model_copy(update={"github": github if has_workflows else None})

    verdict = judge([], [changed(stack="identities")], DAY, settings=settings, stacks=None)

    assert bool(verdict.unused) is has_workflows


def test_the_committed_exceptions_can_be_read() -> None:
    assert load()


def test_what_is_wrong_is_said_a_line_each_with_the_exception_that_it_is_in(tmp_path: Path) -> None:
    file = written(tmp_path, expires='"soon"', reason='"short"', severity='"low"')

    with pytest.raises(ConfigurationError) as caught:
        load(file)

    where, *problems, mend = str(caught.value).splitlines()
    assert where == "policies/exceptions.toml"
    assert sorted(line.partition(": ")[2].partition(":")[0] for line in problems) == ["expires", "reason", "severity"]
    assert all(line.startswith("  exception 1 (CKV_GCP_26): ") for line in problems)
    assert "pydantic" not in str(caught.value)
    assert mend.startswith("  mend: give each [[exception]]")


@pytest.mark.parametrize("key", LINES)
def test_a_key_that_is_missing_is_named(tmp_path: Path, key: str) -> None:
    assert len(load(written(tmp_path))) == 1

    with pytest.raises(ConfigurationError, match=rf"exception 1 \(.*\): {key}: Field required"):
        load(written(tmp_path, **{key: None}))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            {"environments": '["gke-dev", "staging"]'},
            r"exception\.environments\n  given staging for CKV_GCP_26; allowed",
        ),
        ({"check": '"MDY_99"'}, r"exception\.check\n  given MDY_99; allowed: MDY_1 to MDY_\d+, or an id of checkov's"),
        ({"check": '"AVD-1"'}, r"check: String should match pattern .*, given 'AVD-1'"),
        ({"expires": "2027-05-"}, "not TOML"),
    ],
)
def test_a_wrong_name_is_refused(tmp_path: Path, lines: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load(written(tmp_path, **lines))


def test_an_exception_that_is_no_table_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "exceptions.toml"
    file.write_text('exception = ["CKV_GCP_26"]')

    with pytest.raises(ConfigurationError, match=r"exception 1 \(no table\)"):
        load(file)
