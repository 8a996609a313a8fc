"""Where an environment can be: all that differs between clouds stands in `stacks/<cloud>/`."""

from collections.abc import Mapping

from stacks.aks.settings import AksSettings
from stacks.gke.settings import GkeSettings
from stacks.local.settings import LocalSettings
from stacks.settings import Settings

#: The keys of an environment's file, by its key `cloud`.
CLOUDS: Mapping[str, type[Settings]] = {"aks": AksSettings, "gke": GkeSettings, "local": LocalSettings}
