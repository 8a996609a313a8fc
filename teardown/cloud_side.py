"""What Terraform does not know of an environment in a cloud: what its cluster has made there, and what is left."""

import hashlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from modelyard.errors import ConfigurationError

import kr8s

from estate.states import States
from estate.volumes import KeptVolume
from leftovers import finder
from leftovers.leftover import Failure, Leftover
from leftovers.snapshots import Disk, snapshot
from stacks.settings import CloudSettings
from teardown.cluster_access import connect
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
    api: kr8s.Api | None
    why_silent: str

    @classmethod
    def of(cls, settings: CloudSettings, states: States) -> "CloudSide":
        """Tries to reach the cluster that is in the states."""
        try:
            return cls(settings, connect(settings, states), "")
        except ConfigurationError as error:
            return cls(settings, None, str(error))

    def claims(self) -> list[Claim]:
        """All volumes of people in the cluster, those of charts and of services of the past, too."""
        return claims(self.api) if self.api else []

    def snapshot(self, wanted: Collection[Claim], tell: Callable[[str], None]) -> None:
        """Keeps a copy of each disk, under the claim's name.

        Raises:
            ConfigurationError: The cloud does not make one.
        """
        for claim in wanted:
            if claim.handle:
                disk = Disk(claim.handle, claim.namespace, claim.name)
                snapshot(self.settings, disk, _snapshot_name(self.settings, claim), tell)

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


def _snapshot_name(settings: CloudSettings, claim: Claim) -> str:
    """One name for one volume: the disk's own tells it from others of the claim's name, before and after."""
    volume = hashlib.sha256(str(claim.handle).encode()).hexdigest()[:8]
    plain = re.sub("[^a-z0-9-]", "-", f"{settings.name}-{claim.namespace}-{claim.name}")
    return f"{plain[: _LONGEST_NAME - len(volume) - 1]}-{volume}"


def as_volume(claim: Claim) -> KeptVolume:
    """The claim as people are asked for it."""
    return KeptVolume(claim.namespace, claim.name, claim.size, path=None, is_declared=False)
