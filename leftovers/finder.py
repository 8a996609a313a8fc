"""The way into this package: what is left of an environment, and how it goes.

    left = find(settings)
    failures = delete(settings, left, tell)

A cluster makes load balancers, disks, addresses and rules by itself. Terraform knows none of them, and deleting the
cluster deletes them only in part. Each is taken for the environment's own by what the cloud knows of it, never by its
name alone: docs/leftovers.md says how.
"""

from collections.abc import Callable, Collection

from leftovers.clouds import cloud_of
from leftovers.leftover import Failure, Leftover
from leftovers.sweeping import Patience, sweep
from stacks.settings import CloudSettings

__all__ = ["Failure", "Leftover", "Patience", "delete", "find", "is_living"]


def find(settings: CloudSettings, *, include_living: bool = False) -> list[Leftover]:
    """What is left of an environment in its cloud, in the order in which it would be deleted.

    Args:
        settings: The environment.
        include_living: Also what a cluster that is there still has made. Otherwise only snapshots that were made to
            be kept are listed as long as there is a cluster: what it uses is no leftover.

    Raises:
        ConfigurationError: Nobody is logged in, or the login may not look.
    """
    cloud = cloud_of(settings)
    found = cloud.find()
    if not include_living and cloud.is_living():
        found = [each for each in found if each.is_kept]
    return sorted(found, key=lambda each: (each.step, each.kind, each.location, each.name))


def is_living(settings: CloudSettings) -> bool:
    """Whether the cloud still has the environment's cluster. Raises ConfigurationError as `find` does."""
    return cloud_of(settings).is_living()


def delete(
    settings: CloudSettings,
    leftovers: Collection[Leftover],
    tell: Callable[[str], None],
    *,
    patience: Patience | None = None,
) -> list[Failure]:
    """Deletes what `find` has found, users before what they use, and waits until it is gone.

    What is kept stays. What is gone already is no failure: interrupted, it is simply run again.

    Args:
        settings: The environment.
        leftovers: What should go.
        tell: Is told each step, a line at a time.
        patience: How long is waited for.

    Returns:
        What is there still, each with what the cloud said.

    Raises:
        ConfigurationError: Nobody is logged in.
    """
    return sweep(cloud_of(settings), leftovers, tell, patience or Patience())
