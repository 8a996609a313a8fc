"""Deletes in steps: users before what they use, side by side within a step, what is still in use once more."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from leftovers.leftover import Failure, Leftover


class InUseError(Exception):
    """Something uses it still: it can be deleted later."""


class GoneError(Exception):
    """It is not there any more."""


class DeletionError(Exception):
    """The cloud does not delete it, and says why."""


class Deleter(Protocol):
    """Whoever can delete; raises the three errors above, as the waiting does that it returns."""

    def begin_delete(self, leftover: Leftover) -> Callable[[float], None]:
        """Asks for its deletion; returns what waits for it, for so many seconds at most."""


@dataclass(frozen=True)
class Patience:
    """How long is waited for.

    Attributes:
        deletion_seconds: For one thing to be gone.
        use_seconds: For what is still in use to come free.
        pause_seconds: Between two tries at what is in use.
    """

    deletion_seconds: float = 900
    use_seconds: float = 300
    pause_seconds: float = 10


def sweep(
    cloud: Deleter, leftovers: Collection[Leftover], tell: Callable[[str], None], patience: Patience
) -> list[Failure]:
    """Deletes what is not kept.

    Returns:
        What is there still. What comes after it is tried all the same: the cloud refuses what it uses.
    """
    ordered = sorted((each for each in leftovers if not each.is_kept), key=lambda each: each.step)
    return [
        failure
        for _, step in groupby(ordered, key=lambda each: each.step)
        for failure in _step(cloud, list(step), tell, patience)
    ]


def _step(
    cloud: Deleter, step: Sequence[Leftover], tell: Callable[[str], None], patience: Patience
) -> Iterator[Failure]:
    until = time.monotonic() + patience.use_seconds
    while True:
        in_use = []
        for each, error in _round(cloud, step, tell, patience):
            if isinstance(error, InUseError) and time.monotonic() < until:
                in_use.append(each)
            else:
                tell(f"failed: {each}: {error}")
                yield Failure(each, str(error))
        if not in_use:
            return
        for each in in_use:
            tell(f"in use still: {each}")
        time.sleep(patience.pause_seconds)
        step = in_use


def _round(
    cloud: Deleter, step: Sequence[Leftover], tell: Callable[[str], None], patience: Patience
) -> Iterator[tuple[Leftover, Exception]]:
    # All are asked for first: a cloud deletes side by side.
    begun: list[tuple[Leftover, Callable[[float], None]]] = []
    for each in step:
        try:
            begun.append((each, cloud.begin_delete(each)))
        except GoneError:
            tell(f"gone: {each}")
        except (InUseError, DeletionError) as error:
            yield each, error
    for each, wait in begun:
        try:
            wait(patience.deletion_seconds)
        except GoneError:
            tell(f"gone: {each}")
        except (InUseError, DeletionError) as error:
            yield each, error
        else:
            tell(f"deleted: {each}")
