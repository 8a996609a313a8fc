"""Finds the services: every folder of `services/` with a `service.py` is one."""

import inspect
from dataclasses import dataclass
from pathlib import Path

from modelyard import BuildContext, ConfigurationError, ServiceScope
from modelyard.names import kubernetes_name

from cdktf import App
from constructs import Construct

from stacks.capacity import check_capacity
from stacks.paths import SERVICES
from stacks.platform import Platform
from stacks.required_add_ons import add_required
from stacks.service import ServiceStack
from stacks.service_folder import load, shown
from stacks.service_settings import service_settings
from stacks.settings import ServiceSettings
from stacks.workload import WorkloadStack


@dataclass(frozen=True)
class Service:
    """A service that was found.

    Attributes:
        folder: Where it is.
        settings: The keys that environments have for it.
        stack: The class that its `service.py` defines.
    """

    folder: Path
    settings: type[ServiceSettings]
    stack: type[ServiceStack]

    @property
    def file(self) -> str:
        """What a person knows it by."""
        return shown(self.folder, "service")


def find_services(services: Path = SERVICES) -> list[Service]:
    """Loads every service, sorted by name.

    Raises:
        ConfigurationError: With the file that is no service.
    """
    return [_service(path.parent) for path in sorted(services.glob("*/service.py"))]


def add_services(scope: Construct, platform: Platform, services: list[Service]) -> None:
    """Adds one stack for each service, and one for each add-on that they require and the environment has.

    Raises:
        ConfigurationError: With the file of the service or add-on that cannot be deployed.
    """
    _refuse_unknown(platform, services)
    add_ons = add_required(scope, platform, {service.file: service.stack.requires for service in services})
    stacks: list[ServiceScope] = [*add_ons.values()]
    for service in services:
        try:
            stack = service.stack(scope, platform, service.folder, default=service.settings())
        except ConfigurationError as error:
            raise error.within(service.file) from error
        for name in sorted(add_ons.keys() & stack.requires):
            stack.add_dependency(add_ons[name])
        stacks.append(stack)
    check_capacity(platform, stacks)


def build_contexts(app: App) -> list[BuildContext]:
    """What must be built and pushed before an app's services and add-ons are deployed."""
    workloads = [stack for stack in app.node.children if isinstance(stack, WorkloadStack)]
    return [context for stack in workloads for context in stack.images]


def _refuse_unknown(platform: Platform, services: list[Service]) -> None:
    names = [kubernetes_name(service.folder.name) for service in services]
    for name in platform.settings.services:
        if name not in names:
            raise ConfigurationError(
                f"there is no service {name!r}",
                mend=f"name one of {', '.join(names) or 'none: services/ is empty'}, or remove the table",
                where=f"environments/{platform.settings.name}.toml: services.{name}",
            )


def _service(folder: Path) -> Service:
    # In this order: service.py may import the settings.
    return Service(folder, service_settings(folder), _service_class(folder))


def _service_class(folder: Path) -> type[ServiceStack]:
    module = load(folder, "service")
    found = [
        each
        for each in vars(module).values()
        if inspect.isclass(each) and issubclass(each, ServiceStack) and each.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise ConfigurationError(
            f"defines {len(found)} classes derived from ServiceStack ({', '.join(each.__name__ for each in found)})",
            mend="define exactly one",
            where=shown(folder, "service"),
        )
    return found[0]
