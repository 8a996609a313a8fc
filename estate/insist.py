"""Patience with an API server that restarts: enabling a cluster's autoscaler makes GKE do that."""

import time
from collections.abc import Callable
from typing import TypeVar

from modelyard.serving.cluster import ApiError, NoAnswerError

_Result = TypeVar("_Result")
_PAUSE_SECONDS = 2
_BUSY = (408, 429, 500, 502, 503, 504)


class Deadline:
    """A moment after which nobody waits any more.

    Args:
        seconds: How long from now.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds; 0 when it is over."""
        return max(self._end - time.monotonic(), 0)

    def sooner(self, part: float) -> "Deadline":
        """One after a part of the time that is left."""
        return Deadline(self.left * part)

    def wait(self, seconds: float = _PAUSE_SECONDS) -> None:
        """Some seconds, but not beyond it."""
        time.sleep(min(seconds, self.left))


def insist(call: Callable[[], _Result], deadline: Deadline) -> _Result:
    """The result of a call of the cluster, which is repeated while that is silent or busy.

    Raises:
        ConfigurationError: It refuses, or does not answer until the deadline.
    """
    while True:
        try:
            return call()
        except (ApiError, NoAnswerError) as error:
            if not deadline.left or (isinstance(error, ApiError) and error.status not in _BUSY):
                raise
        deadline.wait()
