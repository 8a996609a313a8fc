"""An environment's cloud, by that cloud's own client libraries."""

import os
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from modelyard.errors import ConfigurationError

from leftovers.leftover import Leftover
from stacks.aks.settings import AksSettings
from stacks.gke.settings import GkeSettings
from stacks.settings import CloudSettings

if TYPE_CHECKING:
    from leftovers.azure_cloud import AzureCloud
    from leftovers.google_cloud import GoogleCloud


# The clouds' own variables for those who reach them otherwise than everybody.
_STAND_INS: Final = ("GOOGLE_COMPUTE_CUSTOM_ENDPOINT", "ARM_ENDPOINT")


class Cloud(Protocol):
    """What a cloud does for this package."""

    def is_living(self) -> bool:
        """Whether the environment's cluster is there, in whatever condition."""

    def find(self) -> list[Leftover]:
        """All that is provably the environment's, of a living cluster too."""

    def begin_delete(self, leftover: Leftover) -> Callable[[float], None]:
        """Asks for its deletion.

        Returns:
            What waits, for so many seconds at most, until it is gone.
        """


def has_stand_in() -> bool:
    """Whether something stands in for a cloud here, as in a rehearsal, of which nothing is in a cloud."""
    return any(name in os.environ for name in _STAND_INS)


def cloud_of(settings: CloudSettings) -> Cloud:
    """The environment's cloud. Raises ConfigurationError where nobody is logged in."""
    if isinstance(settings, GkeSettings):
        return google_cloud(settings)
    if isinstance(settings, AksSettings):
        return azure_cloud(settings)
    raise ConfigurationError(f"no cloud is known here for {settings.name}", mend="name an environment on gke or aks")


# Each brings the client libraries of its cloud, which nobody should wait for who is in the other one.
def google_cloud(settings: GkeSettings) -> "GoogleCloud":
    """Google Cloud. Raises ConfigurationError where nobody is logged in."""
    with warnings.catch_warnings():
        # That of a Python that is supported for another year: pyproject.toml says which ones do.
        warnings.simplefilter("ignore", FutureWarning)
        from leftovers.google_cloud import GoogleCloud  # noqa: PLC0415 - see above

    return GoogleCloud.of(settings)


def azure_cloud(settings: AksSettings) -> "AzureCloud":
    """Azure."""
    from leftovers.azure_cloud import AzureCloud  # noqa: PLC0415 - see above

    return AzureCloud.of(settings)
