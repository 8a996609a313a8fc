"""All checks of a run: this machine's, this checkout's, and an environment's."""

import warnings
from collections.abc import Iterator

from modelyard.errors import ConfigurationError

from doctor import checkout, machine, workflows
from doctor.check import Check
from doctor.declared import Declared, settings_check
from stacks.aks.settings import AksSettings
from stacks.environments import load_settings
from stacks.gke.settings import GkeSettings
from stacks.local.settings import LocalSettings
from stacks.settings import CloudSettings, Settings


def checks(environment: str | None) -> Iterator[Check]:
    """Those of this machine, and of an environment that has a file, if one is named."""
    yield from machine.checks()
    yield from checkout.checks()
    if environment is None:
        return
    try:
        settings = load_settings(environment)
    except ConfigurationError as error:
        yield settings_check(environment, error)
        return
    yield settings_check(environment, None)
    declared = Declared(settings)
    yield from declared.checks()
    if isinstance(settings, CloudSettings):
        yield from workflows.checks(settings, declared)
    yield from _of_the_cloud(settings, declared)


# Each brings the client libraries of its cloud, which nobody should wait for who is in another one.
def _of_the_cloud(settings: Settings, declared: Declared) -> Iterator[Check]:
    if isinstance(settings, GkeSettings):
        with warnings.catch_warnings():
            # That of a Python that is supported for another year: pyproject.toml says which ones do.
            warnings.simplefilter("ignore", FutureWarning)
            from doctor.google import Google  # noqa: PLC0415 - see above

        yield from Google(settings, declared).checks()
    elif isinstance(settings, AksSettings):
        from doctor.azure import Azure  # noqa: PLC0415 - see above

        yield from Azure(settings, declared).checks()
    elif isinstance(settings, LocalSettings):
        from doctor.local import Local  # noqa: PLC0415 - see above

        yield from Local(settings, declared).checks()
