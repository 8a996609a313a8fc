"""Loads the Python files of a service's folder, wherever it is."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from modelyard.errors import ConfigurationError


def load(folder: Path, name: str) -> ModuleType:
    """The module `name` of a service, executed anew.

    Raises:
        ConfigurationError: There is no such file.
    """
    # By path, not by name: a folder copied elsewhere, as tests do, is loaded from where it is. Under this name its
    # modules find each other: `from .settings import ...`.
    module_name = f"services.{folder.name}.{name}"
    spec = spec_from_file_location(module_name, folder / f"{name}.py")
    if spec is None or spec.loader is None:
        raise ConfigurationError(
            "cannot be loaded", mend=f"make {name}.py a readable Python file", where=shown(folder, name)
        )
    module = module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    return module


def shown(folder: Path, name: str) -> str:
    """What a person knows the file of the module `name` by."""
    return f"{folder.parent.name}/{folder.name}/{name}.py"
