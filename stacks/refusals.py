"""What a person reads of a wrong key: the value given, what is allowed, and the mend."""

import difflib
from collections.abc import Mapping

from modelyard.errors import ConfigurationError

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stacks.clouds import CLOUDS, settings_model
from stacks.schema import CloudSchema, Location, allowed, as_toml, key_name, schema_of
from stacks.settings import CloudSettings, Settings

# A whole table that stands in the wrong place would hide what is said of it.
_LONGEST_VALUE = 100


def all_problems(error: ValidationError, cloud: str, shown: str) -> ConfigurationError:
    """All that is wrong at once, each as if it were alone."""
    problems = [_problem(each, schema_of(cloud)).within(shown) for each in error.errors(include_url=False)]
    first, *others = problems
    # Callers print "error: " before the first.
    more = "".join(f"\nerror: {each}" for each in others)
    return ConfigurationError(first.what, mend=first.mend + more, where=first.where)


def name_in_file(values: Mapping[str, object], name: str) -> ConfigurationError:
    """The file's name says it already."""
    return ConfigurationError(
        f"given name = {_short(values['name'])}, which is no key here; allowed: the file's own name, {name}",
        mend="remove it; to rename the environment, rename the file",
        where="name",
    )


def no_cloud(settings: Settings) -> ConfigurationError:
    """Something is asked for that only clouds have."""
    clouds = [cloud for cloud in CLOUDS if issubclass(settings_model(cloud), CloudSettings)]
    return ConfigurationError(
        f"given {as_toml(settings.cloud)}: there is a cluster already, nothing is simulated, stored or protected; "
        f"allowed here: one of {', '.join(map(as_toml, clouds))}",
        mend="name an environment that is in a cloud",
        where="cloud",
    )


def unknown_cloud(values: Mapping[str, object]) -> ConfigurationError:
    """It decides which other keys there are."""
    given = f"given {_short(values['cloud'])}" if "cloud" in values else "is missing"
    return ConfigurationError(
        f"{given}; allowed: one of {', '.join(map(as_toml, CLOUDS))}",
        mend=f"write cloud = {as_toml(min(CLOUDS))} or another of these: it decides which other keys there are",
        where="cloud",
    )


def _problem(error: ErrorDetails, schema: CloudSchema) -> ConfigurationError:
    context = error.get("ctx", {})
    location = (*error["loc"], *context.get("key", ()))
    key = key_name(location)
    if error["type"] == "extra_forbidden":
        return _unknown_key(location, error["input"], schema)
    given = "is missing" if error["type"] == "missing" else f"given {_short(context.get('given', error['input']))}"
    what = f"{given}; allowed: {context.get('allowed') or allowed(schema.at(location))}"
    if "why" in context:
        what += f"\n  {context['why']}"
    return ConfigurationError(what, mend=context.get("mend") or _mend(location, schema), where=key)


def _mend(location: Location, schema: CloudSchema) -> str:
    # An entry of a list has no name to write: the list has.
    whole = location[:-1] if isinstance(location[-1], int) else location
    description = schema.at(whole).get("description")
    return f"write for example {schema.assignment(whole)}" + (f". {description}" if description else "")


def _unknown_key(location: Location, value: object, schema: CloudSchema) -> ConfigurationError:
    name = str(location[-1])
    known = sorted(schema.at(location[:-1])["properties"])
    close = difflib.get_close_matches(name, known, n=1)
    return ConfigurationError(
        f"given {name} = {_short(value)}, which is no key here; allowed: {', '.join(known)}",
        mend=f"write {close[0]}, or remove it" if close else "remove it, or write one of these keys",
        where=key_name(location),
    )


def _short(value: object) -> str:
    text = as_toml(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]} …"
