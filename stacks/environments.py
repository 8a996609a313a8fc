"""Reads an environment's file, and says plainly what is wrong with it."""

import difflib
import json
import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelyard.errors import ConfigurationError
from modelyard.names import dns_label

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stacks.clouds import CLOUDS
from stacks.paths import ENVIRONMENTS, ROOT
from stacks.schema import CloudSchema, Location, allowed, as_toml, key_name, schema_of
from stacks.settings import CloudSettings, Settings

# `gke-dev-nodes` is a service account's id, which may have 30 characters: the tightest of the derived names.
_LONGEST_NAME = 24
# A whole table that stands in the wrong place would hide what is said of it.
_LONGEST_VALUE = 100


def chosen_environment() -> str:
    """The environment's name: `MODELYARD_ENV`, else the context key `environment` of cdktf.json.

    Raises:
        ConfigurationError: Neither names one.
    """
    if name := os.environ.get("MODELYARD_ENV"):
        return name
    # The CLI hands its context over; a plain `python main.py` reads the same from the file.
    context = os.environ.get("CDKTF_CONTEXT_JSON")
    found = json.loads(context) if context else json.loads((ROOT / "cdktf.json").read_text()).get("context", {})
    if isinstance(name := found.get("environment"), str):
        return name
    raise ConfigurationError(
        "no environment is chosen",
        mend='set MODELYARD_ENV, or the key "environment" in the context of cdktf.json, '
        f"to one of {', '.join(environment_names())}",
        where="cdktf.json: context.environment",
    )


def environment_names(folder: Path = ENVIRONMENTS) -> list[str]:
    """All environments that have a file, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def environment_file(name: str, folder: Path = ENVIRONMENTS) -> Path:
    """The file of an environment.

    Raises:
        ConfigurationError: There is none of this name.
    """
    path = folder / f"{name}.toml"
    if name not in environment_names(folder):
        names = environment_names(folder)
        close = difflib.get_close_matches(name, names, n=1)
        raise ConfigurationError(
            f"there is no environment {name!r}",
            mend=f"did you mean {close[0]}?" if close else f"choose one of {', '.join(names)}, or write that file",
            where=_shown(path),
        )
    return path


def load_settings(name: str, folder: Path = ENVIRONMENTS) -> Settings:
    """The settings of an environment.

    Args:
        name: The file's name without `.toml`.
        folder: Where the files are.

    Raises:
        ConfigurationError: For every wrong key: file and key, the value, what is allowed, and the mend.
    """
    path = environment_file(name, folder)
    dns_label(name, what=f"{_shown(path)}: the environment's name", longest=_LONGEST_NAME)
    try:
        values = tomllib.loads(path.read_bytes().decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"not TOML: {error}", mend="mend that line", where=_shown(path)) from error
    if "name" in values:
        raise ConfigurationError(
            f"given name = {_short(values['name'])}, which is no key here; allowed: the file's own name, {name}",
            mend="remove it; to rename the environment, rename the file",
            where=f"{_shown(path)}: name",
        )
    return _validated(values | {"name": name}, _shown(path))


def load_cloud_settings(name: str, folder: Path = ENVIRONMENTS) -> CloudSettings:
    """The settings of an environment that is in a cloud.

    Raises:
        ConfigurationError: As of `load_settings`; and for an environment on a cluster that is there already.
    """
    settings = load_settings(name, folder)
    if not isinstance(settings, CloudSettings):
        clouds = [each for each, model in CLOUDS.items() if issubclass(model, CloudSettings)]
        raise ConfigurationError(
            f"given {as_toml(settings.cloud)}: there is a cluster already, nothing is simulated, stored or protected; "
            f"allowed here: one of {', '.join(map(as_toml, clouds))}",
            mend="name an environment that is in a cloud",
            where=f"{_shown(environment_file(name, folder))}: cloud",
        )
    return settings


def _validated(values: dict[str, Any], shown: str) -> Settings:
    cloud = values.get("cloud")
    if not isinstance(cloud, str) or cloud not in CLOUDS:
        raise _unknown_cloud(values).within(shown)
    try:
        return CLOUDS[cloud].model_validate(values)
    except ValidationError as error:
        problems = [_problem(each, schema_of(cloud)).within(shown) for each in error.errors(include_url=False)]
    first, *others = problems
    # All that is wrong at once, each as if it were alone: callers print "error: " before the first.
    more = "".join(f"\nerror: {each}" for each in others)
    raise ConfigurationError(first.what, mend=first.mend + more, where=first.where)


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _unknown_cloud(values: Mapping[str, object]) -> ConfigurationError:
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


def main() -> None:
    """Checks every environment's file; prints what is wrong and exits with 1."""
    problems = []
    for name in environment_names():
        try:
            load_settings(name)
        except ConfigurationError as error:
            problems.append(str(error))
    sys.exit("\n".join(f"error: {problem}" for problem in problems) or None)


if __name__ == "__main__":
    main()
