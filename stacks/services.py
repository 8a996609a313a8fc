"""Finds the services: every folder of `services/` with a `service.py` is one."""

import inspect
import sys
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from modelyard import BuildContext, ConfigurationError
from modelyard.names import kubernetes_name

from cdktf import App
from constructs import Construct

from stacks.paths import SERVICES
from stacks.platform import Platform
from stacks.service import ServiceStack


@dataclass(frozen=True)
class Service:
    """A service that was found.

    Attributes:
        folder: Where it is.
        stack: The class that its `service.py` defines.
    """

    folder: Path
    stack: type[ServiceStack]

    @property
    def file(self) -> str:
        """What a person knows it by."""
        return _file(self.folder)


def find_services(services: Path = SERVICES) -> list[Service]:
    """Loads every service, sorted by name.

    Raises:
        ConfigurationError: With the file that is no service.
    """
    folders = sorted(path.parent for path in services.glob("*/service.py"))
    return [Service(folder, _service_class(folder)) for folder in folders]


def add_services(scope: Construct, platform: Platform, services: list[Service]) -> None:
    """Adds one stack for each service.

    Raises:
        ConfigurationError: With the file of the service that cannot be deployed.
    """
    _refuse_unknown(platform, services)
    for service in services:
        try:
            service.stack(scope, platform, service.folder)
        except ConfigurationError as error:
            raise error.within(service.file) from error


def build_contexts(app: App) -> list[BuildContext]:
    """What must be built and pushed before an app's services are deployed."""
    services = [stack for stack in app.node.children if isinstance(stack, ServiceStack)]
    return [context for stack in services for context in stack.images]


def _file(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}/service.py"


def _refuse_unknown(platform: Platform, services: list[Service]) -> None:
    names = [kubernetes_name(service.folder.name) for service in services]
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
            where=_file(folder),
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
