"""The clouds that an environment can be in: all that differs between them stands in `stacks/<cloud>/`."""

from collections.abc import Mapping

from stacks.aks.settings import AksSettings
from stacks.gke.settings import GkeSettings
from stacks.settings import Settings

#: The keys of an environment's file, by its key `cloud`.
CLOUDS: Mapping[str, type[Settings]] = {"aks": AksSettings, "gke": GkeSettings}
