"""Where an environment can be: all that differs between clouds stands in `stacks/<cloud>/`."""

import importlib

from stacks.settings import Settings

#: What an environment's key `cloud` may be.
CLOUDS = ("aks", "gke", "local")


def settings_model(cloud: str) -> type[Settings]:
    """The keys of an environment's file, by its key `cloud`."""
    # Only the one in use: a second one makes every command start later.
    model: type[Settings] = importlib.import_module(f"stacks.{cloud}.settings").MODEL
    return model
