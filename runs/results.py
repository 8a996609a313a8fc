"""What a run is allowed, and what became of each stack."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from modelyard.errors import ConfigurationError

Verb = Literal["apply", "destroy"]


def _seconds(variable: str, default: float) -> float:
    """A limit from this process's environment."""
    given = os.environ.get(variable)
    if given is None:
        return default
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ConfigurationError(f"{given!r} is no number of seconds", mend=f"for example {default:g}", where=variable)
    return seconds


@dataclass(frozen=True)
class Limits:
    """How patient a run is.

    Attributes:
        lock_wait_seconds: How long it waits for whoever holds a stack's state, or for another run from this checkout.
        retries: How often one stack is tried again after an error that passes by itself.
        stack_seconds: How long one call of Terraform may take; two hours, or what MODELYARD_STACK_SECONDS says.
        grace_seconds: How long Terraform may take to end what it is at, once it was told to stop; a minute, or what
            MODELYARD_GRACE_SECONDS says.
    """

    lock_wait_seconds: float = 600
    retries: int = 3
    stack_seconds: float = field(default_factory=lambda: _seconds("MODELYARD_STACK_SECONDS", 7200))
    grace_seconds: float = field(default_factory=lambda: _seconds("MODELYARD_GRACE_SECONDS", 60))


@dataclass(frozen=True)
class StackResult:
    """What became of one stack.

    Attributes:
        stack: Its id.
        outcome: `nothing` is a destroy of a stack whose state holds nothing; `not begun` waits for `blocked_by`.
        error: What Terraform, or this run, says of a failure; else empty.
        seconds: How long it took, waits for locks included.
        attempts: How often Terraform was asked to apply or destroy.
        blocked_by: Failed stacks that this one stands on, or that stand on it where it is destroyed; empty also for one
            that was not begun because the run was interrupted.
    """

    stack: str
    outcome: Literal["done", "nothing", "failed", "not begun"]
    error: str = ""
    seconds: float = 0.0
    attempts: int = 0
    blocked_by: tuple[str, ...] = ()


class RunInterruptedError(KeyboardInterrupt):
    """Somebody ended the run; raised when all of its Terraforms have ended. The command line's exit code is 130.

    Attributes:
        results: As far as it came, by stack id.
    """

    def __init__(self, results: Mapping[str, StackResult]) -> None:
        super().__init__("interrupted")
        self.results = dict(results)
