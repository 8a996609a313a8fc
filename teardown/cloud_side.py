"""What Terraform does not know of an environment in a cloud: what its cluster has made there, and what is left."""

import hashlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from modelyard.errors import ConfigurationError
from modelyard.serving.cluster import Cluster

from estate.cluster_access import cluster_of
from estate.states import States
from estate.synthesis import Synthesis
from leftovers import finder
from leftovers.leftover import Failure, Leftover
from leftovers.snapshots import Disk, snapshot
from stacks.settings import CloudSettings
from teardown.drain import Claim, claims, drain

# Google and Azure take a load balancer down within minutes; a disk waits for its node to let go of it.
_DRAIN_SECONDS = 900
# Of a snapshot, on both clouds.
_LONGEST_NAME = 63


@dataclass(frozen=True)
class CloudSide:
    """One environment's, asked with the caller's own login.

    Attributes:
        settings: Of the environment.
        api: Its cluster's; None where there is none, or it does not answer.
        why_silent: Why it does not answer; empty where it does, or there is none.
    """

    settings: CloudSettings
    api: Cluster | None
    why_silent: str

    @classmethod
    def of(cls, settings: CloudSettings, synthesis: Synthesis, states: States) -> "CloudSide":
        """Tries to reach the cluster, if there is one in the states."""
        if settings.stack_id("cluster") not in states:
            return cls(settings, None, "")
        try:
            return cls(settings, cluster_of(synthesis), "")
        except ConfigurationError as error:
            return cls(settings, None, str(error))

    def claims(self) -> list[Claim]:
        """All volumes of people in the cluster, those of charts and of services of the past, too."""
        return claims(self.api) if self.api else []

    def snapshot(self, tell: Callable[[str], None]) -> None:
        """Keeps a copy of each disk that is claimed in the cluster, or that one was made for which is gone.

        Raises:
            ConfigurationError: The cloud does not make one.
        """
        disks = [Disk(each.handle, each.namespace, each.name) for each in self.claims() if each.handle]
        known = {disk.id for disk in disks}
        for each in self.leftovers():
            namespace, _, claim = each.claim.partition("/")
            # A snapshot is kept as it is.
            if each.claim and "disk" in each.kind and each.id not in known:
                disks.append(Disk(each.id, namespace, claim))
        for disk in disks:
            snapshot(self.settings, disk, _snapshot_name(self.settings, disk), tell)

    def drain(self, tell: Callable[[str], None]) -> list[str]:
        """Load balancers and volumes go while their controllers are there; gives what did not go in time."""
        return drain(self.api, tell, limit_seconds=_DRAIN_SECONDS) if self.api else []

    def is_living(self) -> bool:
        """Whether the cloud has the cluster, whatever the states say. Raises ConfigurationError."""
        return finder.is_living(self.settings)

    def leftovers(self) -> list[Leftover]:
        """What is left in the cloud. Raises ConfigurationError."""
        return finder.find(self.settings)

    def sweep(self, left: Collection[Leftover], tell: Callable[[str], None]) -> list[Failure]:
        """Deletes it, but for what was made to be kept. Raises ConfigurationError."""
        return finder.delete(self.settings, left, tell)


def _snapshot_name(settings: CloudSettings, disk: Disk) -> str:
    """One name for one volume: the disk's own tells it from others of the claim's name, before and after."""
    volume = hashlib.sha256(disk.id.encode()).hexdigest()[:8]
    plain = re.sub("[^a-z0-9-]", "-", f"{settings.name}-{disk.namespace}-{disk.claim}")
    return f"{plain[: _LONGEST_NAME - len(volume) - 1]}-{volume}"
