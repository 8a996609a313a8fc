"""Adds the add-ons that services require."""

import difflib
import importlib
from collections.abc import Mapping, Sequence

from modelyard import ConfigurationError

from constructs import Construct

from stacks.add_on import AddOnStack
from stacks.add_ons import add_on_modules
from stacks.platform import Platform


def add_required(scope: Construct, platform: Platform, required: Mapping[str, Sequence[str]]) -> dict[str, AddOnStack]:
    """Adds one stack for each add-on that is required and not switched off.

    Args:
        scope: The app.
        platform: Where they are deployed.
        required: The names of add-ons, by the file of the service that requires them.

    Returns:
        The stacks by the names of the add-ons.

    Raises:
        ConfigurationError: With the file that requires what there is not, or of the add-on that cannot be deployed.
    """
    known = add_on_modules()
    for file, names in required.items():
        for name in names:
            if name not in known:
                raise _unknown(name, list(known)).within(file)
    wanted = sorted({name for names in required.values() for name in names})
    return {
        name: _add_on(scope, platform, name, known[name])
        for name in wanted
        if platform.settings.add_ons.of(name).deployed
    }


def _add_on(scope: Construct, platform: Platform, name: str, module: str) -> AddOnStack:
    # Only those in use: providers take time to load.
    stack: type[AddOnStack] = importlib.import_module(f"{module}.stack").STACK
    try:
        return stack(scope, platform, name)
    except ConfigurationError as error:
        raise error.within(f"{module.replace('.', '/')}/stack.py") from error


def _unknown(name: str, known: list[str]) -> ConfigurationError:
    close = difflib.get_close_matches(name, known, n=1)
    return ConfigurationError(
        f"requires {name!r}, which is no add-on; there is {', '.join(known)}",
        mend=f"did you mean {close[0]}?" if close else "name one of these, or add its folder to stacks/add_ons/",
        where="requires",
    )
