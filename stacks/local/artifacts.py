"""What stands for the artifact store where a cluster is there already: nothing is kept."""

from dataclasses import dataclass
from typing import NoReturn

from modelyard.artifact_store import ArtifactStore
from modelyard.errors import ConfigurationError


@dataclass(frozen=True)
class NoArtifacts(ArtifactStore):
    """Refuses each service that needs artifacts.

    Attributes:
        environment: The environment's name.
    """

    environment: str
    is_available = False

    def url(self, path: str) -> NoReturn:
        """Refuses."""
        self._refuse(path)

    def grant(self, *_: object, **__: object) -> NoReturn:
        """Refuses."""
        self._refuse("access")

    def _refuse(self, wanted: str) -> NoReturn:
        raise ConfigurationError(
            f"wants {wanted} in the artifact store, and the environment {self.environment} has none",
            mend=f"remove the setting that asks for it from environments/{self.environment}.toml, or deploy to a cloud",
        )
