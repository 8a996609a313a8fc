"""Where an environment keeps models and pipelines' artifacts, and how pods get at them without keys."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from modelyard.egress import Egress
from modelyard.service_scope import ServiceScope

from cdktf import ITerraformDependable

#: How long stores bring back what was replaced or deleted, in days.
KEEP_VERSIONS_DAYS = 30
#: What the steps of workflows hand on, and their logs: under this prefix, deleted after so many days.
WORKFLOWS_PREFIX, KEEP_WORKFLOWS_DAYS = "argo/", 30
#: `read` is reading and listing; `write` is that, and making, replacing and deleting.
AccessMode = Literal["read", "write"]


@dataclass(frozen=True, kw_only=True)
class ArtifactAccess:
    """What the pods of one Kubernetes service account need in order to use what was granted to it.

    Attributes:
        account_annotations: Of the service account.
        pod_labels: Of the pods.
        egress: What the pods must reach.
        grants: What the pods must wait for.
    """

    account_annotations: Mapping[str, str] = field(default_factory=dict)
    pod_labels: Mapping[str, str] = field(default_factory=dict)
    egress: tuple[Egress, ...]
    grants: tuple[ITerraformDependable, ...]


class ArtifactStore(ABC):
    """Names only, as all that stacks hand to each other.

    Attributes:
        is_available: Whether the environment has one; where not, `url` and `grant` refuse.
    """

    is_available: ClassVar[bool] = True

    @abstractmethod
    def url(self, path: str) -> str:
        """Where programs find what is at `path`, for example `gs://bucket/iris/model.zip`.

        Raises:
            ConfigurationError: The environment has no store.
        """

    @abstractmethod
    def grant(
        self, scope: ServiceScope, id_: str, *, namespace: str, service_account: str, mode: AccessMode
    ) -> ArtifactAccess:
        """Lets the pods of a service account use the whole store, as themselves.

        Args:
            scope: The service's stack.
            id_: The construct's id.
            namespace: Of the pods.
            service_account: The Kubernetes service account that they run as.
            mode: What they may do.

        Raises:
            ConfigurationError: The environment has no store.
        """
