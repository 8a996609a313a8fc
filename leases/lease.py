"""The leases of this checkout's environments."""

import datetime
from dataclasses import dataclass
from enum import StrEnum

from modelyard.errors import ConfigurationError

from leases.times import shown
from stacks.environments import environment_names, load_settings
from stacks.settings import CloudSettings, Settings

#: The share of the time of warning in which a lease counts as almost over.
_LAST = 8


class Standing(StrEnum):
    """How far a lease is."""

    RUNNING = "running"
    ENDING = "ending"
    LAST_HOURS = "last hours"
    DUE = "due"


@dataclass(frozen=True)
class Lease:
    """Until when an environment is wanted.

    Attributes:
        environment: Its name.
        cloud: `gke` or `aks`.
        expires_at: When it ends, in UTC.
        is_protected: Whether its file protects it: then it outlives its lease.
        is_watched: Whether workflows act in it, for its store keeps its own state.
    """

    environment: str
    cloud: str
    expires_at: datetime.datetime
    is_protected: bool
    is_watched: bool

    def standing(self, now: datetime.datetime, ahead: datetime.timedelta) -> Standing:
        """How far it is.

        Args:
            now: The present, with its zone.
            ahead: How long before its end a warning is given; in the last eighth of that, another one.
        """
        left = self.expires_at - now
        if left <= datetime.timedelta(0):
            return Standing.DUE
        if left <= ahead / _LAST:
            return Standing.LAST_HOURS
        return Standing.ENDING if left <= ahead else Standing.RUNNING

    def is_for_teardown(self, now: datetime.datetime) -> bool:
        """Whether a workflow takes the environment down."""
        return self.is_watched and not self.is_protected and self.standing(now, datetime.timedelta(0)) is Standing.DUE


def lease_of(settings: CloudSettings) -> Lease | None:
    """An environment's lease; None if it is wanted for good."""
    if settings.expires_at is None:
        return None
    return Lease(
        environment=settings.name,
        cloud=settings.cloud,
        expires_at=settings.expires_at,
        is_protected=settings.is_protected,
        is_watched=settings.state.own_state == "remote",
    )


def refuse_after_its_end(settings: Settings, now: datetime.datetime) -> None:
    """Called before a deploy: what is deployed after its lease is over would be torn down within the hour.

    Raises:
        ConfigurationError: The lease is over.
    """
    if not isinstance(settings, CloudSettings) or settings.is_protected or settings.expires_at is None:
        return
    if settings.expires_at <= now:
        raise ConfigurationError(
            f"the lease of {settings.name} ended at {shown(settings.expires_at)}",
            mend=f"modelyard lease {settings.name} --for 8h",
            where=f"environments/{settings.name}.toml: expires_at",
        )


def cloud_environments() -> list[CloudSettings]:
    """The environments that can have a lease.

    Raises:
        ConfigurationError: A file is wrong.
    """
    every = (load_settings(name) for name in environment_names())
    return [settings for settings in every if isinstance(settings, CloudSettings)]
