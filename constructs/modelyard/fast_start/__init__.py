"""CDKTF that loads what is used, not all there is: see docs/adr/0003-fast-start.md.

Stock CDKTF imports every resource class of a provider, in Python and once more in Node. After `install()` the stock
import statements give the same modules and classes, each loaded at first use. `MODELYARD_STOCK_IMPORTS=1` turns it off,
and whatever is not as expected is left to stock, with one line on stderr. CDK Terrain starts in the same way.
"""

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TypeVar

from modelyard.bindings import ENGINES

_PROVIDERS = tuple(engine.provider_prefix for engine in ENGINES.values())
# On `constructs` all engines rest.
_FOUNDATIONS = {"constructs", *ENGINES}
_Result = TypeVar("_Result")


class NotAsExpectedError(Exception):
    """What was found differs from what the fast start was written for; the message says in what."""


def install() -> None:
    """Let the imports from here on be light; nothing is loaded before CDKTF itself is imported."""
    if os.environ.get("MODELYARD_STOCK_IMPORTS") == "1" or any(isinstance(f, _FastStart) for f in sys.meta_path):
        return
    early = [name for name in sys.modules if name == "constructs" or name.startswith(_PROVIDERS)]
    if early:
        warn(f"{min(early, key=len)} was imported before modelyard: import modelyard first")
    sys.meta_path.insert(0, _FastStart())


@cache
def warn(reason: str) -> None:
    """Say once, in a line, why CDKTF starts as slowly as stock."""
    print(f"modelyard: slow start, {reason}", file=sys.stderr)  # noqa: T201  # comes before any logging is set up


class _FastStart(MetaPathFinder):
    """Sees the first import of CDKTF, or of `constructs` on which it rests, and that of each provider package."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Start Node for CDKTF, give providers a light loader, and leave all other names to Python."""
        if fullname in _FOUNDATIONS:
            # Before `node`, which imports jsii.
            _attempt(lambda: importlib.import_module("modelyard.fast_start.node_process").start_node())
            _attempt(lambda: importlib.import_module("modelyard.fast_start.node").start())
            _attempt(lambda: importlib.import_module("modelyard.fast_start.type_checks").install())
            _attempt(lambda: importlib.import_module("modelyard.fast_start.call_arguments").install())
        elif not fullname.startswith(_PROVIDERS):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None:
            return None
        if path is None and fullname.startswith(_PROVIDERS):
            light = importlib.import_module("modelyard.fast_start.provider_package").light_spec
        else:
            light = importlib.import_module("modelyard.fast_start.generated_module").light_spec
        return _attempt(lambda: light(spec))


def _attempt(step: Callable[[], _Result]) -> _Result | None:
    try:
        return step()
    except (NotAsExpectedError, ImportError, AttributeError, TypeError, OSError) as doubt:
        warn(str(doubt))
        return None
