"""A check, what it finds, and how many of them are made: side by side, each within its time, none twice."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from modelyard.errors import ConfigurationError

#: `warn` does not stop a deploy, or not every one; `skipped` could not be looked at.
State = Literal["ok", "warn", "fail", "skipped"]
_BUSY: Final = "run it again; look at the network (a proxy, a VPN?), and at how busy this machine is"


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        state: How it is.
        found: What there is, in a line; of what is skipped, why. Never a token or another secret.
        mend: What to do about it; empty where there is nothing to do.
    """

    state: State
    found: str
    mend: str = ""


def ok(found: str) -> Finding:
    """All is well."""
    return Finding("ok", found)


def warn(found: str, mend: str) -> Finding:
    """Something is not as it should be, and a deploy may still succeed."""
    return Finding("warn", found, mend)


def fail(found: str, mend: str) -> Finding:
    """A deploy will not succeed."""
    return Finding("fail", found, mend)


def skipped(why: str) -> Finding:
    """There is nothing to look at, or no way to look."""
    return Finding("skipped", why)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that is looked at.

    Attributes:
        name: What, in a few words; no two checks of a run have the same.
        group: Under which heading it is told.
        about: What it makes sure of, for docs/doctor.md.
        look: Does it. A ConfigurationError is a failure, with its mend.
        needs: Names of checks without which it cannot be made: it is skipped unless they end with `ok` or `warn`.
        seconds: How long it may take.
    """

    name: str
    group: str
    about: str
    look: Callable[[], Finding]
    needs: tuple[str, ...] = ()
    seconds: float = 20


@dataclass(frozen=True)
class Result:
    """One check that was made, or skipped."""

    check: Check
    finding: Finding
    seconds: float


def run(checks: Sequence[Check]) -> list[Result]:
    """Makes the checks, all at once as far as they do not need each other.

    Returns:
        In the order of the checks.

    Raises:
        ValueError: Two have the same name, one needs what is not among them, or they need each other in a circle.
    """
    return _Run(checks).results()


class _Run:
    """One run; only `results` touches what the threads have found."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = checks
        self._waiting = {check.name: check for check in checks}
        if len(self._waiting) < len(checks):
            raise ValueError("two checks have the same name")
        if unknown := {need for check in checks for need in check.needs} - self._waiting.keys():
            raise ValueError(f"no check is called {', '.join(sorted(unknown))}")
        self._begun: dict[str, float] = {}
        self._done: dict[str, Result] = {}
        self._found: queue.SimpleQueue[tuple[Check, Finding]] = queue.SimpleQueue()

    def results(self) -> list[Result]:
        self._begin()
        while self._begun:
            try:
                check, finding = self._found.get(timeout=max(0.0, min(self._left(name) for name in self._begun)))
            except queue.Empty:
                self._give_up()
            else:
                if check.name in self._begun:  # else it was given up before
                    self._end(check, finding)
            self._begin()
        if self._waiting:
            raise ValueError(f"these checks need each other: {', '.join(sorted(self._waiting))}")
        return [self._done[check.name] for check in self._checks]

    def _begin(self) -> None:
        """Starts or skips what waits no longer; what is skipped may be what others wait for."""
        while ready := [check for check in self._waiting.values() if self._done.keys() >= set(check.needs)]:
            for check in ready:
                del self._waiting[check.name]
                self._begun[check.name] = time.monotonic()
                missing = [need for need in check.needs if self._done[need].finding.state in ("fail", "skipped")]
                if missing:
                    self._end(check, skipped(f"needs {', '.join(missing)}"))
                else:
                    # A daemon: nobody waits for one that hangs, the end of the program neither.
                    threading.Thread(target=self._look, args=(check,), name=check.name, daemon=True).start()

    def _look(self, check: Check) -> None:
        self._found.put((check, _finding(check)))

    def _left(self, name: str) -> float:
        return self._begun[name] + self._check(name).seconds - time.monotonic()

    def _give_up(self) -> None:
        for check in [self._check(name) for name in self._begun if self._left(name) <= 0]:
            self._end(
                check,
                fail(f"no answer within {check.seconds:g} s", _BUSY),
            )

    def _end(self, check: Check, finding: Finding) -> None:
        self._done[check.name] = Result(check, finding, time.monotonic() - self._begun.pop(check.name))

    def _check(self, name: str) -> Check:
        return next(check for check in self._checks if check.name == name)


def _finding(check: Check) -> Finding:
    try:
        return check.look()
    except ConfigurationError as error:
        return fail(f"{error.where}: {error.what}" if error.where else error.what, error.mend)
    except Exception as error:  # noqa: BLE001 - one that breaks must not hide what the others find
        # Its message is nobody's: it may hold what was sent.
        place = type(error).__name__
        return fail(f"the check itself broke: {place}", "report it, with the command, as a fault of `modelyard doctor`")


def grouped(results: Sequence[Result]) -> Iterator[tuple[str, list[Result]]]:
    """Headings and what stands under them, in the order of the first of each."""
    for group in dict.fromkeys(result.check.group for result in results):
        yield group, [result for result in results if result.check.group == group]
