"""What services need in the cluster and others have made: every folder here is an add-on.

A folder has a `stack.py` with `STACK`, derived from `AddOnStack`, and, if environments have keys of its own for it, a
`settings.py` with `MODEL`, derived from `AddOnSettings`. See docs/add-ons.md.
"""

import importlib
import pkgutil
from importlib.util import find_spec
from typing import Any

from pydantic import Field, create_model

from stacks.settings import AddOnSettings, AddOnsSettings


def add_on_modules() -> dict[str, str]:
    """The packages of all add-ons by their names: `argo-workflows` is in `argo_workflows`."""
    found = sorted(each.name for each in pkgutil.iter_modules(__path__) if each.ispkg)
    return {name.replace("_", "-"): f"{__name__}.{name}" for name in found}


def add_ons_settings() -> type[AddOnsSettings]:
    """The table `add_ons` of an environment's file: a key for each add-on."""
    models = {name: _settings(module) for name, module in add_on_modules().items()}
    keys: dict[str, Any] = {name: (model, Field(model(), description=model.__doc__)) for name, model in models.items()}
    return create_model("AddOnsSettings", __base__=AddOnsSettings, __doc__=AddOnsSettings.__doc__, **keys)


def _settings(module: str) -> type[AddOnSettings]:
    if find_spec(f"{module}.settings") is None:
        return AddOnSettings
    model: type[AddOnSettings] = importlib.import_module(f"{module}.settings").MODEL
    return model
