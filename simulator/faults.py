"""Scenario files: what goes wrong in the simulated world, on purpose, and when.

    [[faults]]
    type = "google_container_cluster"
    action = "create"
    when = "after"
    what = "kill"
    who = "terraform"

docs/faults.md has all keys. Nothing here needs gRPC: `simulator.injection` does what this says.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from modelyard.errors import ConfigurationError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Action = Literal["create", "read", "update", "delete", "plan", "configure", "data"]
ProviderName = Literal["google", "azurerm", "kubernetes", "helm"]

_APPLYING: Final = ("create", "update", "delete")
_MEND: Final = "docs/faults.md has the keys, and an example"


class _Fault(BaseModel):
    """What all faults have: at which operation.

    Attributes:
        action: What Terraform asks for.
        provider: Of which provider; None for any.
        type: Of which resource type (of which data source with the action `data`); None for any.
        nth: At the how many such operation, counted over all runs on the world.
        times: At so many operations from there on.
        when: Before the world is asked or changed, or after it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    action: Action
    provider: ProviderName | None = None
    type: str | None = None
    nth: int = Field(1, ge=1)
    times: int | Literal["always"] = 1
    when: Literal["before", "after"] = "before"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if isinstance(self.times, int) and self.times < 1:
            raise ValueError('times: 1 or more, or "always"')
        if self.type is None:
            return self
        if self.action == "configure":
            raise ValueError("type: providers are configured, not resource types")
        provider = self.type.partition("_")[0]
        if self.provider not in (None, provider):
            raise ValueError(f"type: {self.type} is not of provider {self.provider}")
        if self.type not in _known_types(provider, self.action):
            kind = "data source" if self.action == "data" else "resource type"
            raise ValueError(f"type: no {kind} {self.type} is simulated")
        return self

    def is_about(self, provider: str, action: Action, type_name: str) -> bool:
        """Says whether an operation counts for this fault."""
        return self.action == action and self.provider in (None, provider) and self.type in (None, type_name)

    def is_due(self, count: int) -> bool:
        """Says whether it strikes at the operation of this number, from 1."""
        return count >= self.nth and (self.times == "always" or count < self.nth + self.times)


class _Failing(_Fault):
    """One that ends in an error.

    Attributes:
        keeps_state: Whether Terraform gets the new values beside the error: what was made is in the state, tainted.
            Without them it knows nothing of what was made.
    """

    keeps_state: bool = False

    @model_validator(mode="after")
    def _check_state(self) -> Self:
        if self.keeps_state and (self.when == "before" or self.action not in _APPLYING):
            raise ValueError('keeps_state: only with when = "after" and an action that changes the world')
        return self


class ErrorFault(_Failing):
    """The cloud answers with an error; `summary` and `detail` are what Terraform shows."""

    what: Literal["error"]
    summary: str = Field("googleapi: Error 503: The service is currently unavailable., backendError", min_length=1)
    detail: str = ""


class HangFault(_Failing):
    """No answer until Terraform gives up, or the provider's own time-out after `seconds`."""

    what: Literal["hang"]
    seconds: float | None = Field(None, gt=0, allow_inf_nan=False)


class LateFault(_Fault):
    """The right answer, `seconds` late."""

    what: Literal["late"]
    seconds: float = Field(gt=0, allow_inf_nan=False)


class DropFault(_Fault):
    """The connection between Terraform and the provider breaks, as when a plugin crashes."""

    what: Literal["drop"]


class KillFault(_Fault):
    """SIGKILL for Terraform, or for what called it (`modelyard`, `cdktf`)."""

    what: Literal["kill"]
    who: Literal["terraform", "cli"]


class ChangeFault(_Fault):
    """Somebody else changes or deletes one thing of the world.

    Attributes:
        thing: Its file in the world without `.json`, with `*` for what is not known before:
            `clusters/*/deployment/iris/iris`.
        merge: Its new values (RFC 7396; a table goes into a block that is there once).
        delete: It goes.
    """

    what: Literal["change"]
    thing: str = Field(min_length=1)
    merge: dict[str, Any] = Field(default_factory=dict)
    delete: bool = False

    @model_validator(mode="after")
    def _check_change(self) -> Self:
        if self.delete == bool(self.merge):
            raise ValueError("either merge or delete = true")
        return self


Fault = ErrorFault | HangFault | LateFault | DropFault | KillFault | ChangeFault


class Scenario(BaseModel):
    """A whole scenario file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    faults: tuple[Annotated[Fault, Field(discriminator="what")], ...] = Field(min_length=1)


def load(file: Path) -> Scenario:
    """Reads a scenario file.

    Raises:
        ConfigurationError: It cannot be read, or something in it is wrong: file and key, for every wrong key.
    """
    try:
        values = tomllib.loads(file.read_bytes().decode())
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", mend="name a file", where=str(file)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"not TOML: {error}", mend="mend that line", where=str(file)) from error
    try:
        return Scenario.model_validate(values)
    except ValidationError as error:
        problems = [f"{_key(one['loc'])}: {_what(one['msg'], one['input'])}" for one in error.errors()]
        raise ConfigurationError("\n  ".join(problems), mend=_MEND, where=str(file)) from None


def _key(location: tuple[int | str, ...]) -> str:
    # After a fault's number pydantic names its kind, which is no key.
    names = [*location[:2], *location[3:]]
    return "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in names).removeprefix(".") or "file"


def _what(message: str, given: object) -> str:
    message = message.removeprefix("Value error, ")
    return message if isinstance(given, dict | list | tuple) else f"{message}, not {given!r}"


@cache
def _known_types(provider: str, action: Action) -> frozenset[str]:
    # Unpacks recorded schemas, which a scenario without types can do without.
    from simulator.plugin_binaries import RECORDED_VERSIONS  # noqa: PLC0415 - see above
    from simulator.schema import ProviderSchema  # noqa: PLC0415 - see above

    if provider not in RECORDED_VERSIONS:
        return frozenset()
    response = ProviderSchema(provider).response
    return frozenset(response.data_source_schemas if action == "data" else response.resource_schemas)
