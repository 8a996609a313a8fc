"""Where an environment can be: all that differs between clouds stands in `stacks/<cloud>/`."""

import functools
import importlib

from pydantic import Field, create_model

from stacks.add_ons import add_ons_settings
from stacks.paths import SERVICES
from stacks.service_settings import services_table
from stacks.settings import CloudSettings, Settings

#: What an environment's key `cloud` may be.
CLOUDS = ("aks", "gke", "local")


def own_provider(cloud: str) -> str | None:
    """The Terraform provider that makes a cloud's own resources, by an environment's key `cloud`; None without one."""
    model: type[Settings] = importlib.import_module(f"stacks.{cloud}.settings").MODEL
    return model.provider if issubclass(model, CloudSettings) else None


@functools.cache
def settings_model(cloud: str) -> type[Settings]:
    """The keys of an environment's file, by its key `cloud`; those of services and add-ons among them.

    Raises:
        ConfigurationError: With the `settings.py` of a service that is none.
    """
    # Only the one in use: a second one makes every command start later.
    model: type[Settings] = importlib.import_module(f"stacks.{cloud}.settings").MODEL
    services = (services_table(SERVICES), model.model_fields["services"])
    of_add_ons = add_ons_settings()
    add_ons = (of_add_ons, Field(of_add_ons(), description=model.model_fields["add_ons"].description))
    return create_model(model.__name__, __base__=model, __doc__=model.__doc__, services=services, add_ons=add_ons)
