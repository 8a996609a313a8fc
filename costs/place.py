"""What an environment's settings tell of its bill: where it is, and whether it sleeps."""

from collections.abc import Sequence

from modelyard.errors import ConfigurationError

from costs.azure import stopped
from costs.charges import Place
from costs.resources import Resource
from stacks.aks.settings import AksSettings
from stacks.gke.settings import GkeSettings
from stacks.settings import CloudSettings, Settings


def place_of(settings: Settings) -> Place:
    """Where an environment is.

    Raises:
        ConfigurationError: It is on a cluster of one's own.
    """
    if isinstance(settings, GkeSettings):
        return Place("google", settings.region)
    if isinstance(settings, AksSettings):
        return Place("azure", settings.location)
    raise ConfigurationError(
        f"what {settings.name} costs is not known here",
        mend="name an environment in a cloud",
        where=f"environments/{settings.name}.toml: cloud",
    )


def as_billed(resources: Sequence[Resource], settings: CloudSettings) -> list[Resource]:
    """Resources as declared, with what no declaration says: an environment that is suspended on AKS is stopped."""
    return [stopped(each) for each in resources] if settings.suspended else list(resources)
