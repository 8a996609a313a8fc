"""Reads an environment's file, and says plainly what is wrong with it."""

import difflib
import importlib
import json
import os
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

from modelyard.errors import ConfigurationError
from modelyard.names import dns_label

from pydantic import ValidationError

from stacks.clouds import CLOUDS, settings_model
from stacks.paths import ENVIRONMENTS, ROOT
from stacks.settings import CloudSettings, Settings

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
        values = tomllib.loads(path.read_bytes().decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"not TOML: {error}", mend="mend that line", where=_shown(path)) from error
    return _validated(values, name, _shown(path))


def load_cloud_settings(name: str, folder: Path = ENVIRONMENTS) -> CloudSettings:
    """The settings of an environment that is in a cloud.

    Raises:
        ConfigurationError: As of `load_settings`; and for an environment on a cluster that is there already.
    """
    settings = load_settings(name, folder)
    if not isinstance(settings, CloudSettings):
        raise _refusals().no_cloud(settings).within(_shown(environment_file(name, folder)))
    return settings


def _validated(values: dict[str, Any], name: str, shown: str) -> Settings:
    cloud = values.get("cloud")
    if "name" in values:
        raise _refusals().name_in_file(values, name).within(shown)
    if not isinstance(cloud, str) or cloud not in CLOUDS:
        raise _refusals().unknown_cloud(values).within(shown)
    try:
        return settings_model(cloud).model_validate(values | {"name": name})
    except ValidationError as error:
        raise _refusals().all_problems(error, cloud, shown) from None


def _refusals() -> ModuleType:
    # With it comes a JSON schema: only a wrong file is worth the time to import that.
    return importlib.import_module("stacks.refusals")


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


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
