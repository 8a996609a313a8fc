"""Leases: what the command writes and refuses, what is due, and the issues that warn."""

import contextlib
import datetime
import json
import re
from collections.abc import Iterator
from pathlib import Path

from modelyard.errors import ConfigurationError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.comment import connected
from leases.issue import keep_all
from leases.lease import Lease, Standing, lease_of, refuse_after_its_end
from leases.times import LONGEST, lease_end, moment, shown_span, span
from stacks.environments import environment_file, load_cloud_settings, load_settings
from stacks.gke.settings import GkeSettings
from stacks.settings import LEASE_LABEL
from tests.command_line import refusal
from tests.conftest import Command, Synthesise
from tests.fake_github import REPOSITORY, FakeGitHub

NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


def lease(end: datetime.datetime, *, is_protected: bool = False, is_watched: bool = True) -> Lease:
    return Lease("gke-dev", "gke", end, is_protected=is_protected, is_watched=is_watched)


def test_a_lease_is_written_shown_and_ended_and_the_files_words_stay(
    checkout: Path, modelyard_command: Command
) -> None:
    file = checkout / "environments" / "gke-dev.toml"
    before = file.read_text()

    done = modelyard_command("lease", "gke-dev", "--for", "8h")

    assert done.returncode == 0, done.stderr
    assert re.search(r"gke-dev: until \d{4}-\d\d-\d\d \d\d:\d\d UTC, in 8 h\n", done.stdout)
    assert "no workflow acts in gke-dev" in done.stdout
    written = [line for line in file.read_text().splitlines() if line not in before.splitlines()]
    assert [re.fullmatch(r"expires_at = \S+Z", line) is not None for line in written] == [True]
    assert re.search(r"ends in (8 h|7 h 59 min)\n", modelyard_command("lease", "gke-dev").stdout)
    (listed,) = json.loads(modelyard_command("leases", "--json").stdout)
    assert (listed["name"], listed["standing"], listed["is_for_teardown"]) == ("gke-dev", "ending", False)

    assert modelyard_command("lease", "gke-dev", "--end").returncode == 0
    assert file.read_text() == before
    assert "has no lease" in modelyard_command("lease", "gke-dev", "--end").stdout


def test_what_is_due_is_neither_protected_nor_out_of_reach_nor_still_wanted(tmp_path: Path) -> None:
    text = environment_file("gke-dev").read_text().replace('own_state = "local"', 'own_state = "remote"')

    def is_due(text: str) -> bool:
        (tmp_path / "gke-dev.toml").write_text(text)
        found = lease_of(load_cloud_settings("gke-dev", tmp_path))
        return found is not None and found.is_for_teardown(NOW)

    over = "expires_at = 2026-01-01T00:00:00Z\n"
    assert is_due(over + text)
    assert not is_due(over + text.replace('"remote"', '"local"'))
    assert not is_due(over + text[: text.index("[protection_lifted]")])
    assert not is_due(text)
    assert not is_due(over.replace("2026", "2126") + text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gke-dev", "--for", "0h"], "'0h' is no span of time"),
        (["gke-dev", "--for", "soon"], "'soon' is no span of time"),
        (["gke-dev", "--for", "32d"], "is more than 31 days away"),
        (["gke-dev", "--until", "2020-01-01T00:00Z"], "2020-01-01 00:00 UTC is over"),
        (["gke-dev", "--until", "2026-13-01T00:00Z"], "is no moment"),
        (["gke-dev", "--until", "2126-01-01T00:00"], "has no zone"),
        (["gke-dev", "--until", "0001-01-01T00:00+10:00"], "is no moment in UTC"),
        (["gke-dev", "--for", "8h", "--end"], "contradict each other"),
        (["prod", "--for", "8h"], "prod is protected: no end of a lease would tear it down"),
        (["local", "--for", "8h"], "name an environment that is in a cloud"),
        (["gke-prod"], "there is no environment 'gke-prod'"),
    ],
)
def test_what_is_no_lease_is_refused_with_the_mend(arguments: list[str], said: str) -> None:
    refused = refusal("lease", *arguments)

    assert said in refused
    assert "mend: " in refused


@given(st.integers(1, int(LONGEST.total_seconds()) - 60))
def test_a_lease_ends_at_a_full_minute_that_is_no_earlier_than_wanted(seconds: int) -> None:
    wanted = NOW + datetime.timedelta(seconds=seconds)

    end = lease_end(NOW, wanted)

    assert wanted <= end < wanted + datetime.timedelta(minutes=1)
    assert (end.second, end.tzinfo) == (0, datetime.UTC)


@given(st.text())
def test_any_text_is_a_time_or_refused(text: str) -> None:
    for read in (span, moment):
        with contextlib.suppress(ConfigurationError):
            read(text)


def test_times_as_people_write_and_read_them() -> None:
    assert span("1d12h") == datetime.timedelta(hours=36)
    assert span("90m") == datetime.timedelta(minutes=90)
    assert moment("2026-11-22T19:00+01:00") == NOW + 6 * HOUR
    assert [shown_span(each) for each in (2 * DAY + 5 * HOUR, DAY, HOUR * 1.5, HOUR / 5)] == [
        "2 days 5 h",
        "1 day",
        "1 h 30 min",
        "12 min",
    ]


@pytest.mark.parametrize(
    ("left", "standing"),
    [
        (25 * HOUR, Standing.RUNNING),
        (24 * HOUR, Standing.ENDING),
        (3 * HOUR, Standing.LAST_HOURS),
        (0 * HOUR, Standing.DUE),
        (-HOUR, Standing.DUE),
    ],
)
def test_a_lease_runs_ends_and_is_due(left: datetime.timedelta, standing: Standing) -> None:
    assert lease(NOW + left).standing(NOW, DAY) is standing


def test_a_deploy_after_the_end_of_a_lease_is_refused_with_the_mend(settings: GkeSettings) -> None:
    leased = settings.model_copy(update={"expires_at": NOW})
    for fine in (settings, leased.model_copy(update={"protection_lifted": None}), load_settings("local")):
        refuse_after_its_end(fine, NOW)
    refuse_after_its_end(leased, NOW - HOUR)

    with pytest.raises(ConfigurationError, match="the lease of gke-dev ended at 2026-11-22 12:00 UTC") as refused:
        refuse_after_its_end(leased, NOW)

    assert refused.value.mend == "modelyard lease gke-dev --for 8h"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("expires_at = 2026-01-01T00:00:00Z", "mend: modelyard lease gke-dev --for 8h"),
        ('suspended = { on = 2026-01-01, by = "ada" }', "mend: modelyard resume gke-dev"),
    ],
)
def test_up_begins_nothing_where_it_would_be_torn_down_or_has_no_nodes(
    key: str, said: str, checkout: Path, modelyard_command: Command
) -> None:
    file = checkout / "environments" / "gke-dev.toml"
    file.write_text(f"{key}\n{file.read_text()}")

    done = modelyard_command("up", "gke-dev", "--yes")

    assert done.returncode == 1
    assert said in done.stderr
    assert not (checkout / "cdktf.out").exists()


def test_labels_say_it_in_what_both_clouds_take(settings: GkeSettings) -> None:
    leased = settings.model_copy(update={"expires_at": NOW + 6 * HOUR})

    assert leased.labels[LEASE_LABEL] == "2026-11-22t18-00z"
    # https://cloud.google.com/resource-manager/docs/labels-overview#requirements
    assert all(re.fullmatch(r"[a-z0-9_-]{1,63}", text) for pair in leased.labels.items() for text in pair)
    assert LEASE_LABEL not in settings.labels


@pytest.mark.parametrize("name", ["gke-dev", "aks-dev"])
def test_every_labelled_resource_says_it(name: str, synthesise: Synthesise) -> None:
    leased = load_settings(name).model_copy(update={"expires_at": NOW})

    labels = [
        labels
        for stack in synthesise(leased, only=("image_classifier", "iris")).values()
        for type_name, table in stack["resource"].items()
        if type_name.startswith(("google", "azurerm"))
        for values in table.values()
        for labels in labels_in(values)
    ]

    assert len(labels) > 4
    assert {each[LEASE_LABEL] for each in labels} == {"2026-11-22t12-00z"}


def labels_in(values: object) -> Iterator[dict[str, str]]:
    if isinstance(values, dict):
        for key, value in values.items():
            if key in ("labels", "resource_labels", "tags"):
                yield value
            else:
                yield from labels_in(value)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    with FakeGitHub().serving() as fake:
        monkeypatch.setenv("GITHUB_API_URL", fake.url)
        monkeypatch.setenv("GITHUB_TOKEN", "token")
        yield fake


def test_an_issue_warns_ahead_and_again_in_the_last_hours_and_is_closed_when_prolonged(fake: FakeGitHub) -> None:
    end = NOW + 20 * HOUR

    def at(now: datetime.datetime, found: Lease | None) -> str:
        with connected() as github:
            (line,) = keep_all(github, REPOSITORY, {"gke-dev": found}, now, DAY)
        return line

    assert at(end - 30 * HOUR, lease(end)) == "gke-dev: 0 issues closed"
    assert at(NOW, lease(end)) == "gke-dev: issue #1 opened"
    assert at(NOW + HOUR, lease(end)) == "gke-dev: issue #1 says it already"
    (issue,) = fake.issues
    assert issue["title"] == "The lease of gke-dev ends at 2026-11-23 08:00 UTC"
    assert "said" not in issue
    assert "`modelyard lease gke-dev --for 8h`" in issue["body"]

    assert at(end - 2 * HOUR, lease(end)) == "gke-dev: issue #1 renewed"
    assert at(end - HOUR, lease(end)) == "gke-dev: issue #1 says it already"
    assert at(end, lease(end)) == "gke-dev: issue #1 renewed"
    assert ["almost over" in issue["said"][0], "which is over" in issue["said"][1]] == [True, True]
    assert len(issue["said"]) == 2

    assert at(end, lease(end + 2 * DAY)) == "gke-dev: 1 issues closed"
    assert at(end, None) == "gke-dev: 0 issues closed"
    assert issue["state"] == "closed"


def test_of_a_protected_environment_the_issue_says_that_it_stays(fake: FakeGitHub) -> None:
    with connected() as github:
        keep_all(github, REPOSITORY, {"gke-dev": lease(NOW, is_protected=True)}, NOW, DAY)

    assert "It is protected, and therefore stays, and is billed" in fake.issues[0]["body"]
    assert not lease(NOW, is_protected=True).is_for_teardown(NOW)
