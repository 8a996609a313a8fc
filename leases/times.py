"""Moments and spans of time as people write and read them."""

import datetime
import re
from typing import Final

from modelyard.errors import ConfigurationError

#: No lease is longer: who needs an environment for good takes none.
LONGEST: Final = datetime.timedelta(days=31)
_SPAN: Final = re.compile(r"(?:(?P<days>\d{1,4})d)?(?:(?P<hours>\d{1,5})h)?(?:(?P<minutes>\d{1,5})m)?")


def span(text: str) -> datetime.timedelta:
    """A span of time: `8h`, `3d`, `1d12h`, `90m`.

    Raises:
        ConfigurationError: It is none, or nothing.
    """
    found = _SPAN.fullmatch(text)
    parts = {unit: int(number) for unit, number in found.groupdict().items() if number} if found else {}
    length = datetime.timedelta(**parts)
    if not length:
        raise ConfigurationError(f"{text!r} is no span of time", mend="write days, hours, minutes: 3d, 8h, 1d12h, 90m")
    return length


def moment(text: str) -> datetime.datetime:
    """A moment with its zone, in UTC: `2026-11-22T18:00Z`, `2026-11-22T19:00+01:00`.

    Raises:
        ConfigurationError: It is none, or says no zone.
    """
    mend = "write it with its zone: 2026-11-22T18:00Z"
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{text!r} is no moment", mend=mend) from error
    if found.utcoffset() is None:
        raise ConfigurationError(f"{text!r} has no zone", mend=mend)
    try:
        return found.astimezone(datetime.UTC)
    except OverflowError as error:
        raise ConfigurationError(f"{text!r} is no moment in UTC", mend=mend) from error


def lease_end(now: datetime.datetime, wanted: datetime.datetime) -> datetime.datetime:
    """When a lease ends that somebody wants to end then: at the next full minute.

    Raises:
        ConfigurationError: That is over, or too far away.
    """
    end = wanted.replace(second=0, microsecond=0)
    if end < wanted:
        end += datetime.timedelta(minutes=1)
    if wanted <= now:
        raise ConfigurationError(
            f"{shown(end)} is over", mend="name a moment to come, or tear it down now: modelyard teardown"
        )
    if wanted - now > LONGEST:
        raise ConfigurationError(
            f"{shown(end)} is more than {LONGEST.days} days away",
            mend="take a shorter lease, which can be prolonged, or none at all",
        )
    return end


def shown(when: datetime.datetime) -> str:
    """`2026-11-22 18:00 UTC`."""
    return f"{when:%Y-%m-%d %H:%M} UTC"


def shown_span(length: datetime.timedelta) -> str:
    """`2 days 5 h`, `7 h 40 min`, `12 min`."""
    minutes = max(int(length.total_seconds()) // 60, 0)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} day{'s' if days > 1 else ''}{f' {hours} h' if hours else ''}"
    if hours:
        return f"{hours} h{f' {rest} min' if rest else ''}"
    return f"{rest} min"
