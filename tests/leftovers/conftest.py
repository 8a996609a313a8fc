"""Both clouds, served once for all tests here, each emptied for each test; with clients that can be interrupted."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import httplib2
import pytest
from azure.core.pipeline.transport import RequestsTransport

from leftovers.azure_cloud import AzureCloud
from leftovers.google_cloud import GoogleCloud
from stacks.aks.settings import AksSettings
from stacks.environments import load_settings
from stacks.gke.settings import GkeSettings
from tests.leftovers.fake_azure import AzureWorld, azure
from tests.leftovers.fake_google import GoogleWorld, google

_T = TypeVar("_T")
Variables = dict[str, str]


@dataclass
class Interruption:
    """Ctrl-C at a request: `at` counts down to it, and None is never; either before it is sent, or after its answer."""

    at: int | None = None
    is_after: bool = False

    def around(self, send: Callable[[], _T]) -> _T:
        """Sends, if it comes to that."""
        if threading.current_thread() is not threading.main_thread():  # which Ctrl-C does not reach
            return send()
        if self.at is not None:
            self.at -= 1
        if self.at != -1:
            return send()
        if self.is_after:
            send()
        raise KeyboardInterrupt


@pytest.fixture(scope="session")
def interruption() -> Interruption:
    return Interruption()


@pytest.fixture(scope="session")
def google_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GoogleWorld, Variables, GoogleCloud]]:
    world, settings = GoogleWorld(), load_settings("gke-dev")
    assert isinstance(settings, GkeSettings)
    with google(world, tmp_path_factory.mktemp("google")) as variables:
        # Built once: the library takes half a second to make methods of a discovery document.
        with pytest.MonkeyPatch.context() as patch:
            _enter(variables, patch)
            cloud = GoogleCloud.of(settings)
        yield world, variables, cloud


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AzureWorld, Variables, AzureCloud]]:
    world, settings = AzureWorld(), load_settings("aks-dev")
    assert isinstance(settings, AksSettings)
    with azure(world, tmp_path_factory.mktemp("azure")) as variables:
        with pytest.MonkeyPatch.context() as patch:
            _enter(variables, patch)
            cloud = AzureCloud.of(settings)
        yield world, variables, cloud


@pytest.fixture
def google_world(
    google_server: tuple[GoogleWorld, Variables, GoogleCloud],
    interruption: Interruption,
    monkeypatch: pytest.MonkeyPatch,
) -> GoogleWorld:
    """An empty one, and the environment's way to it."""
    world, variables, cloud = google_server
    real = httplib2.Http.request

    def request(self: httplib2.Http, *arguments: object, **more: object) -> object:
        return interruption.around(lambda: real(self, *arguments, **more))

    world.empty()
    _enter(variables, monkeypatch)
    monkeypatch.setattr(httplib2.Http, "request", request)
    monkeypatch.setattr("leftovers.clouds.google_cloud", lambda _: cloud)
    return world


@pytest.fixture
def azure_world(
    azure_server: tuple[AzureWorld, Variables, AzureCloud],
    interruption: Interruption,
    monkeypatch: pytest.MonkeyPatch,
) -> AzureWorld:
    """An empty one, and the environment's way to it."""
    world, variables, cloud = azure_server
    real = RequestsTransport.send

    def send(self: RequestsTransport, *arguments: Any, **more: Any) -> object:  # noqa: ANN401 - passed on
        return interruption.around(lambda: real(self, *arguments, **more))

    world.empty()
    _enter(variables, monkeypatch)
    monkeypatch.setattr(RequestsTransport, "send", send)
    monkeypatch.setattr("leftovers.clouds.azure_cloud", lambda _: cloud)
    return world


def _enter(variables: Variables, patch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        patch.setenv(name, value)
