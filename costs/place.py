"""Where an environment is, as far as prices go."""

from modelyard.errors import ConfigurationError

from costs.charges import Place
from stacks.aks.settings import AksSettings
from stacks.gke.settings import GkeSettings
from stacks.settings import Settings


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
