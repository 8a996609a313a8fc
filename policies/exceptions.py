"""The dated exceptions of exceptions.toml."""

import datetime
import fnmatch
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelyard.errors import ConfigurationError

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policies.findings import Finding
from policies.own import CHECKS
from stacks.environments import environment_names

EXCEPTIONS = Path(__file__).with_name("exceptions.toml")
_FORM = "give each [[exception]] check, resource, reason and expires; stack and environments if it is not for all"


class PolicyException(BaseModel):
    """A finding that is accepted until a day, in some stacks and environments or, where none is named, in all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str = Field(pattern=r"^(CKV2?_[A-Z0-9_]+|MDY_\d+)$")
    resource: str = Field(min_length=3)
    reason: str = Field(min_length=10)
    expires: datetime.date
    stack: str | None = Field(None, min_length=1)
    environments: tuple[str, ...] = Field((), min_length=1)

    def is_for(self, environment: str) -> bool:
        """Whether it holds in an environment, and has to match something there."""
        return not self.environments or environment in self.environments

    def covers(self, finding: Finding, environment: str) -> bool:
        """Whether it is about this finding in an environment that it is for, expired or not."""
        # Stacks are named without the environment, which is in their ids.
        stack = finding.stack.removeprefix(f"{environment}-")
        return (
            finding.check == self.check
            and any(fnmatch.fnmatchcase(place, self.resource) for place in {finding.resource, finding.place})
            and (self.stack is None or fnmatch.fnmatchcase(stack, self.stack))
        )

    @property
    def only_stack(self) -> str | None:
        """The one stack, without the environment, in which it can match something; None if there may be several."""
        return self.stack if self.stack and not set("*?[") & set(self.stack) else None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    exception: list[PolicyException] = []


def load(file: Path = EXCEPTIONS) -> list[PolicyException]:
    """The exceptions of a file.

    Raises:
        ConfigurationError: The file is not of that form, or names a check of this repo or an environment that there is
            not.
    """
    where = f"policies/{file.name}"
    try:
        values = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"not TOML: {error}", mend="mend that line", where=where) from error
    try:
        exceptions = _File.model_validate(values).exception
    except ValidationError as error:
        raise ConfigurationError("\n  ".join(_problems(error, values)), mend=_FORM, where=where) from None
    for each in exceptions:
        _check_names(each, where)
    return exceptions


def _problems(error: ValidationError, values: dict[str, Any]) -> Iterator[str]:
    """A line for each wrong key, with the exception that it is in."""
    for each in error.errors(include_url=False):
        match each["loc"]:
            case ("exception", int(number), *keys):
                table = values["exception"][number]
                check = table.get("check", "without check") if isinstance(table, dict) else "no table"
                place = f"exception {number + 1} ({check}): {'.'.join(map(str, keys))}"
            case keys:
                place = ".".join(map(str, keys))
        given = "" if each["type"] == "missing" else f", given {each['input']!r}"
        yield f"{place}: {each['msg']}{given}"


def _check_names(exception: PolicyException, where: str) -> None:
    own = [each.id for each in CHECKS]
    if exception.check.startswith("MDY_") and exception.check not in own:
        raise ConfigurationError(
            f"given {exception.check}; allowed: {own[0]} to {own[-1]}, or an id of checkov's",
            mend="name a check of docs/policies.md, or remove the exception",
            where=f"{where}: exception.check",
        )
    known = environment_names()
    # One for an environment that is gone would stand there for ever: nothing would find it unused.
    if strangers := sorted(set(exception.environments).difference(known)):
        raise ConfigurationError(
            f"given {', '.join(strangers)} for {exception.check}; allowed: {', '.join(known)}",
            mend="name environments that have a file, or remove the exception",
            where=f"{where}: exception.environments",
        )
