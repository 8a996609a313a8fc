"""The keys that environments have for single services: those of every service, and those of its own `settings.py`."""

from pathlib import Path
from typing import Any, cast

from modelyard.errors import ConfigurationError
from modelyard.names import kubernetes_name

from pydantic import with_config
from typing_extensions import TypedDict

from stacks.service_folder import load, shown
from stacks.settings import ServiceSettings

# For editors. That there is a service of the name, is seen where services are added.
_NAMES: dict[str, Any] = {"pattern": "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", "examples": ["image-classifier"]}


def service_settings(folder: Path) -> type[ServiceSettings]:
    """The keys of a service: `MODEL` in its `settings.py`, where it has one.

    Raises:
        ConfigurationError: With the file that defines no such model.
    """
    if not (folder / "settings.py").exists():
        return ServiceSettings
    model = getattr(load(folder, "settings"), "MODEL", None)
    if not (isinstance(model, type) and issubclass(model, ServiceSettings)):
        raise ConfigurationError(
            f"MODEL = {model!r} is no class derived from ServiceSettings",
            mend="derive one from stacks.settings.ServiceSettings, and write MODEL = its name",
            where=shown(folder, "settings"),
        )
    if required := [key for key, field in model.model_fields.items() if field.is_required()]:
        raise ConfigurationError(
            f"{', '.join(required)}: a key without default, and environments need not name the service",
            mend="give it a default",
            where=shown(folder, "settings"),
        )
    return model


def services_table(services: Path) -> type[dict[str, ServiceSettings]]:
    """The type of the table `services`: a dict of each service's own model, or of the one that all others have.

    Raises:
        ConfigurationError: As of `service_settings`.
    """
    folders = sorted(file.parent for file in services.glob("*/settings.py"))
    own = {kubernetes_name(folder.name): service_settings(folder) for folder in folders}
    table = TypedDict("Services", own, total=False, extra_items=ServiceSettings)  # type: ignore[misc]  # not static
    with_names = with_config(json_schema_extra={"propertyNames": _NAMES})
    return cast(type[dict[str, ServiceSettings]], with_names(table))
