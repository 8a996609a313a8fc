"""Where an environment can be: all that differs between clouds stands in `stacks/<cloud>/`."""

import functools
import importlib

from pydantic import create_model

from stacks.paths import SERVICES
from stacks.service_settings import services_table
from stacks.settings import Settings

#: What an environment's key `cloud` may be.
CLOUDS = ("aks", "gke", "local")


@functools.cache
def settings_model(cloud: str) -> type[Settings]:
    """The keys of an environment's file, by its key `cloud`; the services' own among them.

    Raises:
        ConfigurationError: With the `settings.py` of a service that is none.
    """
    # Only the one in use: a second one makes every command start later.
    model: type[Settings] = importlib.import_module(f"stacks.{cloud}.settings").MODEL
    services = (services_table(SERVICES), model.model_fields["services"])
    return create_model(model.__name__, __base__=model, __doc__=model.__doc__, services=services)
