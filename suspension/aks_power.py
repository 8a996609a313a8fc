"""AKS stops and starts whole clusters, control plane and all."""

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from modelyard.errors import ConfigurationError

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.mgmt.containerservice import ContainerServiceClient

from estate.insist import Deadline
from stacks.aks.settings import AksSettings

if TYPE_CHECKING:
    from azure.mgmt.containerservice.models import ManagedCluster

_Result = TypeVar("_Result")
Power = Literal["Running", "Stopped"]
# What it does meanwhile has other names: Stopping, Starting, Updating, Upgrading, …
_SETTLED: Final = ("Succeeded", "Failed", "Canceled")
_PAUSE_SECONDS: Final = 10


def connect(settings: AksSettings) -> ContainerServiceClient:
    """Azure's own client, as whoever is logged in."""
    return ContainerServiceClient(DefaultAzureCredential(), settings.subscription_id)


class AksPower:
    """Whether the cluster of an environment runs.

    Args:
        settings: Of the environment.
        client: From `connect`.
        pause: Seconds between two questions.
    """

    def __init__(self, settings: AksSettings, client: ContainerServiceClient, *, pause: float = _PAUSE_SECONDS) -> None:
        self._group, self._name = settings.stack_id("cluster"), settings.name
        self._clusters = client.managed_clusters
        self._pause = pause

    def is_stopped(self) -> bool:
        """Whether it is, or is about to be. Raises ConfigurationError."""
        cluster = _asked(lambda: self._clusters.get(self._group, self._name))
        return _power(cluster) == "Stopped" or cluster.provisioning_state == "Stopping"

    def turn(self, wanted: Power, tell: Callable[[str], None], deadline: Deadline) -> None:
        """Stops or starts it, and waits until it is; what is under way is waited for first.

        Raises:
            ConfigurationError: Azure refuses, or it takes longer than the deadline.
        """
        begin = self._clusters.begin_stop if wanted == "Stopped" else self._clusters.begin_start
        told = ""
        while True:
            cluster = _asked(lambda: self._clusters.get(self._group, self._name))
            is_settled = cluster.provisioning_state in _SETTLED
            if is_settled and _power(cluster) == wanted:
                return
            if not deadline.left:
                raise ConfigurationError(
                    f"the cluster is still {cluster.provisioning_state}, {_power(cluster)}",
                    mend="run this again: it goes on from here",
                )
            if is_settled:
                tell(f"AKS: {'stops' if wanted == 'Stopped' else 'starts'} the cluster")
                _asked(lambda: begin(self._group, self._name).wait(timeout=deadline.left))
                continue
            if (now := f"AKS: {cluster.provisioning_state}") != told:
                tell(now)
                told = now
            deadline.wait(self._pause)


def _power(cluster: "ManagedCluster") -> str:
    code = cluster.power_state.code if cluster.power_state else ""
    # A name that the client knows is an enumeration's, whose text is another.
    return str(code.value if isinstance(code, Enum) else code)


def _asked(call: Callable[[], _Result]) -> _Result:
    try:
        return call()
    except ClientAuthenticationError as error:
        raise ConfigurationError(f"Azure does not know who you are: {error.message}", mend="az login") from error
    except ResourceNotFoundError as error:
        raise ConfigurationError("there is no cluster in Azure", mend="modelyard up") from error
    except HttpResponseError as error:
        raise ConfigurationError(
            f"Azure refuses: {error.message}", mend="mend what it says, and run this again"
        ) from error
    except AzureError as error:
        raise ConfigurationError(
            f"Azure does not answer: {error.message}", mend="look at your network, and run this again"
        ) from error
