"""Finds the services: every folder of `services/` with a `service.py` is one."""

import inspect
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from modelyard import ConfigurationError
from modelyard.names import kubernetes_name

from constructs import Construct

from stacks.environments import ROOT
from stacks.platform import Platform
from stacks.service import ServiceStack

SERVICES = ROOT / "services"


def service_folders(services: Path = SERVICES) -> list[Path]:
    """The folders that are services, sorted by name."""
    return sorted(path.parent for path in services.glob("*/service.py"))


def add_services(scope: Construct, platform: Platform, services: Path = SERVICES) -> list[ServiceStack]:
    """One stack for each service.

    Raises:
        ConfigurationError: With the file of the service that cannot be deployed.
    """
    folders = service_folders(services)
    _refuse_unknown(platform, folders)
    stacks = []
    for folder in folders:
        try:
            stacks.append(_service_class(folder)(scope, platform, folder))
        except ConfigurationError as error:
            raise error.within(f"{services.name}/{folder.name}/service.py") from error
    return stacks


def _refuse_unknown(platform: Platform, folders: list[Path]) -> None:
    names = [kubernetes_name(folder.name) for folder in folders]
    for name in platform.settings.services:
        if name not in names:
            raise ConfigurationError(
                f"there is no service {name!r}",
                mend=f"name one of {', '.join(names) or 'none: services/ is empty'}, or remove the table",
                where=f"environments/{platform.settings.name}.toml: services.{name}",
            )


def _service_class(folder: Path) -> type[ServiceStack]:
    module = _load(folder)
    found = [
        each
        for each in vars(module).values()
        if inspect.isclass(each) and issubclass(each, ServiceStack) and each.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise ConfigurationError(
            f"defines {len(found)} classes derived from ServiceStack ({', '.join(each.__name__ for each in found)})",
            mend="define exactly one",
        )
    return found[0]


def _load(folder: Path) -> ModuleType:
    # By path, not by name: a folder copied elsewhere, as tests do, is loaded from where it is.
    name = f"services.{folder.name}.service"
    spec = spec_from_file_location(name, folder / "service.py")
    if spec is None or spec.loader is None:
        raise ConfigurationError("cannot be loaded", mend="make service.py a readable Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
