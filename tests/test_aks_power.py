"""AKS is stopped and started through Azure's own client."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from modelyard.errors import ConfigurationError

import pytest
from azure.core.credentials import AccessToken
from azure.mgmt.containerservice import ContainerServiceClient

from estate.insist import Deadline
from stacks.aks.settings import AksSettings
from stacks.environments import load_settings
from suspension.aks_power import AksPower
from tests.fake_aks import FakeAks

Connect = Callable[[FakeAks], AksPower]


class _Anybody:
    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return AccessToken("token", int(time.time()) + 3600)


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeAks]:
    with FakeAks().serving(tmp_path) as fake:
        yield fake


def power_of(fake: FakeAks) -> AksPower:
    settings = load_settings("aks-dev")
    assert isinstance(settings, AksSettings)
    client = ContainerServiceClient(
        _Anybody(),
        settings.subscription_id,
        base_url=fake.url,
        connection_verify=fake.authority,
        polling_interval=0.01,
        retry_total=0,
    )
    return AksPower(settings, client, pause=0.01)


def turned(fake: FakeAks, wanted: str, *, seconds: float = 20) -> list[str]:
    told: list[str] = []
    power_of(fake).turn("Stopped" if wanted == "Stopped" else "Running", told.append, Deadline(seconds))
    return told


def test_a_cluster_is_stopped_and_started_and_not_asked_twice(fake: FakeAks) -> None:
    assert turned(fake, "Stopped") == ["AKS: stops the cluster"]
    assert (fake.power, power_of(fake).is_stopped()) == ("Stopped", True)
    assert turned(fake, "Stopped") == []

    assert turned(fake, "Running") == ["AKS: starts the cluster"]
    assert (fake.power, power_of(fake).is_stopped()) == ("Running", False)
    assert turned(fake, "Running") == []
    assert fake.requests == ["stop", "start"]


def test_what_an_interrupted_call_has_begun_is_waited_for(fake: FakeAks) -> None:
    fake.looks = 3
    fake.begin("stop")
    assert power_of(fake).is_stopped()

    assert turned(fake, "Stopped") == ["AKS: Stopping"]

    assert fake.requests == []


def test_whoever_resumes_while_it_stops_waits_and_then_starts_it(fake: FakeAks) -> None:
    fake.begin("stop")

    assert turned(fake, "Running") == ["AKS: Stopping", "AKS: starts the cluster"]

    assert (fake.requests, fake.power) == (["start"], "Running")


def test_a_cluster_that_does_not_stop_in_time_is_said_to_be_under_way(fake: FakeAks) -> None:
    fake.looks = None

    with pytest.raises(ConfigurationError, match="still Stopping, Running") as refused:
        turned(fake, "Stopped", seconds=0.3)

    assert "it goes on from here" in str(refused.value)
    assert fake.requests == ["stop"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ((409, "another operation is in progress"), "Azure refuses: .*another operation is in progress"),
        ((404, "not found"), "there is no cluster in Azure"),
        ((401, "expired"), "Azure does not know who you are"),
    ],
)
def test_what_azure_refuses_is_said_with_the_mend(fake: FakeAks, fault: tuple[int, str], said: str) -> None:
    fake.fault = fault

    with pytest.raises(ConfigurationError, match=said) as refused:
        turned(fake, "Stopped")

    assert refused.value.mend


def test_an_azure_that_does_not_answer_is_said_to_be_silent(tmp_path: Path) -> None:
    with FakeAks().serving(tmp_path) as gone:
        power = power_of(gone)

    with pytest.raises(ConfigurationError, match="Azure does not answer"):
        power.is_stopped()
