"""The dated exceptions of exceptions.toml."""

import datetime
import fnmatch
import tomllib
from dataclasses import dataclass
from pathlib import Path

from modelyard.errors import ConfigurationError

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stacks.environments import environment_names

EXCEPTIONS = Path(__file__).with_name("exceptions.toml")


@dataclass(frozen=True)
class Finding:
    """A failed check.

    Attributes:
        check: Its id, for example `CKV_GCP_26`.
        name: What it asks for.
        stack: The stack's id.
        resource: The resource's address in the stack.
    """

    check: str
    name: str
    stack: str
    resource: str


class PolicyException(BaseModel):
    """A finding that is accepted until a day, in some environments or, where none is named, in all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str = Field(pattern=r"^CKV2?_[A-Z0-9_]+$")
    resource: str = Field(min_length=3)
    reason: str = Field(min_length=10)
    expires: datetime.date
    environments: tuple[str, ...] = Field((), min_length=1)

    def is_for(self, environment: str) -> bool:
        """Whether it holds in an environment, and has to match something there."""
        return not self.environments or environment in self.environments

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding, expired or not."""
        return finding.check == self.check and fnmatch.fnmatchcase(finding.resource, self.resource)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    exception: list[PolicyException] = []


@dataclass(frozen=True)
class Verdict:
    """What is left of the findings.

    Attributes:
        failed: Findings without exception, and those whose exception has expired, with that exception.
        accepted: Findings with a living exception.
        unused: Exceptions for the environment that match no finding.
    """

    failed: list[tuple[Finding, PolicyException | None]]
    accepted: list[tuple[Finding, PolicyException]]
    unused: list[PolicyException]


def load(file: Path = EXCEPTIONS) -> list[PolicyException]:
    """The exceptions of a file.

    Raises:
        ConfigurationError: The file is not of that form, or names an environment that there is not.
    """
    where = f"policies/{file.name}"
    try:
        exceptions = _File.model_validate(tomllib.loads(file.read_text())).exception
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigurationError(
            str(error),
            mend="give each [[exception]] check, resource, reason and expires",
            where=where,
        ) from error
    known = environment_names()
    for each in exceptions:
        # One for an environment that is gone would stand there for ever: nothing would find it unused.
        if strangers := sorted(set(each.environments).difference(known)):
            raise ConfigurationError(
                f"given {', '.join(strangers)} for {each.check}; allowed: {', '.join(known)}",
                mend="name environments that have a file, or remove the exception",
                where=f"{where}: exception.environments",
            )
    return exceptions


def judge(
    findings: list[Finding], exceptions: list[PolicyException], today: datetime.date, *, environment: str
) -> Verdict:
    """Holds the findings of an environment against the exceptions for it, as they stand on a day."""
    exceptions = [each for each in exceptions if each.is_for(environment)]
    failed: list[tuple[Finding, PolicyException | None]] = []
    accepted: list[tuple[Finding, PolicyException]] = []
    used = set()
    for finding in findings:
        covering = [each for each in exceptions if each.covers(finding)]
        used.update(covering)
        living = [each for each in covering if today <= each.expires]
        if living:
            accepted.append((finding, living[0]))
        else:
            failed.append((finding, covering[0] if covering else None))
    return Verdict(failed, accepted, [each for each in exceptions if each not in used])
