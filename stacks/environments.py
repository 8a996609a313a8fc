"""Reads an environment's file, and says plainly what is wrong with it."""

import difflib
import json
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modelyard.errors import ConfigurationError
from modelyard.names import dns_label

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stacks.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "environments"
# `gke-dev-nodes` is a service account's id, which may have 30 characters: the tightest of the derived names.
_LONGEST_NAME = 24


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
        values = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"not TOML: {error}", mend="mend that line", where=_shown(path)) from error
    if "name" in values:
        raise ConfigurationError(
            "the environment's name is the file's name", mend="remove the key", where=f"{_shown(path)}: name"
        )
    return _validated(values | {"name": name}, _shown(path))


def _validated(values: dict[str, Any], shown: str) -> Settings:
    try:
        # By way of JSON, where strict validation still takes a list for a tuple and a string for a date.
        return Settings.model_validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        problems = [_problem(each, values) for each in error.errors(include_url=False)]
    first, *others = [problem.within(shown) for problem in problems]
    more = "".join(f"\n{each}" for each in others)
    raise ConfigurationError(first.what, mend=first.mend + more, where=first.where)


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _problem(error: ErrorDetails, values: Mapping[str, Any]) -> ConfigurationError:
    location = error["loc"]
    key = ".".join(str(part) for part in location) or "the file as a whole"
    context = error.get("ctx", {})
    if "mend" in context:
        return ConfigurationError(str(context["what"]), mend=str(context["mend"]), where=key)
    if error["type"] == "extra_forbidden":
        return _unknown_key(key, location)
    schema = _schema(location)
    allowed = _allowed(schema)
    mend = f"write {_assignment(str(location[-1]), schema)}" if location else "see environments/gke-dev.toml"
    if error["type"] == "missing":
        return ConfigurationError(f"is missing; allowed: {allowed}", mend=mend, where=key)
    return ConfigurationError(f"given {_as_toml(error['input'])}; allowed: {allowed}", mend=mend, where=key)


def _unknown_key(key: str, location: Sequence[int | str]) -> ConfigurationError:
    known = list(_schema(location[:-1]).get("properties", {}))
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    mend = f"did you mean {close[0]}?" if close else f"remove it, or use one of {', '.join(sorted(known))}"
    return ConfigurationError("is not a key that is known here", mend=mend, where=key)


def _schema(location: Sequence[int | str]) -> dict[str, Any]:
    """The part of the settings' JSON schema that describes the key at `location`."""
    whole = Settings.model_json_schema()
    part: dict[str, Any] = whole
    for step in location:
        part = _resolved(part, whole)
        if isinstance(step, int):
            part = part.get("items", {})
        else:
            # Services are a table of tables, whose keys are anybody's names of one form.
            (of_any_name,) = part.get("patternProperties", {"": {}}).values()
            part = part.get("properties", {}).get(step, of_any_name)
    return part | _resolved(part, whole)


def _resolved(part: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    choices = [part, *part.get("anyOf", [])]
    references = [choice["$ref"] for choice in choices if "$ref" in choice]
    return whole["$defs"][references[0].rsplit("/", 1)[1]] if references else part


def _allowed(schema: Mapping[str, Any]) -> str:
    for choice in (schema, *schema.get("anyOf", [])):
        if "allowed" in choice:
            return str(choice["allowed"])
    if "enum" in schema or "const" in schema:
        return "one of " + ", ".join(json.dumps(each) for each in schema.get("enum", [schema.get("const")]))
    match schema.get("type", ""), schema:
        case "integer", {"minimum": least, "maximum": most}:
            return f"a whole number from {least} to {most}"
        case "string", {"format": "date"}:
            return "a date, year-month-day"
        case "string", {"pattern": pattern}:
            return f"a text of the form {pattern}"
        case kind, _:
            return {"boolean": "true or false", "array": "a list of texts", "object": "a table"}.get(kind, "a text")


def _assignment(key: str, schema: Mapping[str, Any]) -> str:
    if schema.get("type") == "object":
        return f"a table [{key}]; its keys are {', '.join(schema.get('properties', {}))}"
    example = schema.get("examples", ["…"])[0]
    description = f" ({schema['description']})" if "description" in schema else ""
    return f"for example {key} = {_as_toml(example)}{description}"


def _as_toml(value: object) -> str:
    # Texts, numbers, truth values and lists of them are written alike in JSON and TOML.
    return json.dumps(value, ensure_ascii=False, default=str)


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
