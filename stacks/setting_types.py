"""The kinds of keys that an environment's file has, and how a wrong value is refused."""

import datetime
import functools
from collections.abc import Callable
from typing import Annotated, Any

from modelyard.errors import ConfigurationError
from modelyard.exposure import Exposure

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError


class Section(BaseModel):
    """A table of the file: unknown keys are refused, values are not converted and never change."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


def _refusal(error: ConfigurationError) -> PydanticCustomError:
    # The parts go through as context: braces in a message would be read as placeholders.
    return PydanticCustomError("refused", "{why}", {"why": error.what, "mend": error.mend})


def contradiction(*key: str, given: object, allowed: str, mend: str) -> PydanticCustomError:
    """Values that are right by themselves and wrong together; the key is seen from the table that has the rule."""
    return PydanticCustomError(
        "contradiction", "{allowed}", {"key": key, "given": given, "allowed": allowed, "mend": mend}
    )


def form(pattern: str, allowed: str) -> Any:  # noqa: ANN401 - as pydantic's Field
    """A text of a form, which an error puts in words."""
    return Field(pattern=pattern, json_schema_extra={"allowed": allowed})


def check(function: Callable[[Any], object]) -> AfterValidator:
    """A validator that lets what `function` refuses be reported with file and key."""

    @functools.wraps(function)
    def validate(value: Any) -> Any:  # noqa: ANN401 - whatever the field's type is
        try:
            function(value)
        except ConfigurationError as error:
            raise _refusal(error) from error
        return value

    return AfterValidator(validate)


def _exposure(choice: object) -> Exposure:
    if isinstance(choice, Exposure):
        return choice
    if choice == "internal":
        return Exposure.internal()
    if choice == "world":
        return Exposure.world()
    if isinstance(choice, list) and choice and all(isinstance(each, str) for each in choice):
        try:
            return Exposure.source_ranges(*choice)
        except ConfigurationError as error:
            raise _refusal(error) from error
    raise PydanticCustomError("exposure", "neither a list of networks nor one of the words")


def _is_public(exposure: Exposure) -> None:
    if exposure.is_internal:
        raise ConfigurationError(
            "the control plane's public address cannot be internal",
            mend='name the networks that may use it, for example ["203.0.113.0/24"]',
        )


def _networks(*words: str) -> WithJsonSchema:
    *most, last = ("a list of one or more IPv4 networks", *(f'"{word}"' for word in words))
    networks = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    choices = [{"enum": words}, networks]
    return WithJsonSchema({"anyOf": choices, "allowed": f"{', '.join(most)} or {last}"})


def _is_utc(moment: datetime.datetime) -> None:
    if moment.utcoffset() != datetime.timedelta(0) or moment.second or moment.microsecond:
        raise ConfigurationError(
            f"{moment} is no full minute in UTC", mend="write it as 2026-11-22T18:00:00Z, without quotes"
        )


Access = Annotated[Exposure, PlainValidator(_exposure), _networks("internal", "world")]
PublicAccess = Annotated[Access, check(_is_public), _networks("world")]
Uuid = Annotated[str, form("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "a UUID in lower case")]
ArtifactPath = Annotated[
    str,
    form(
        "^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$",
        "a path in the environment's artifact store, whose parts have letters, digits, dots, dashes and underscores, "
        "a letter or digit first",
    ),
]
Moment = Annotated[
    datetime.datetime,
    check(_is_utc),
    Field(json_schema_extra={"allowed": "a minute in UTC, as 2026-11-22T18:00:00Z, without quotes"}),
]
_CRON_FIELD = r"[0-9*/,-]+"
Schedule = Annotated[str, form(f"^{_CRON_FIELD}( {_CRON_FIELD}){{4}}$", "cron's five fields, numbers only")]
