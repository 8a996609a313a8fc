"""Which engine answers `import cdktf`: CDKTF, or CDK Terrain, which goes on with it under other names.

Sources name CDKTF's packages, which type checkers, editors and every example know. Where CDK Terrain is the engine, the
same names give its modules: `cdktf` is `cdktn`, `cdktf_cdktf_provider_google` is `cdktn_provider_google`. See
docs/adr/0024-two-engines.md.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Final

from modelyard.errors import ConfigurationError

#: The variable that names the engine; without it CDKTF is taken where it is installed, else CDK Terrain.
ENGINE: Final = "MODELYARD_ENGINE"


@dataclass(frozen=True)
class Engine:
    """What makes Terraform's configuration of constructs.

    Attributes:
        name: Of its Python package and of its command line.
        provider_prefix: How its Python packages of providers begin.
        requirements: The file of the repo that pins it.
        folder: The folder of the repo, below its root, whose package.json pins its command line.
        node: The least version of Node that its command line runs on.
    """

    name: str
    provider_prefix: str
    requirements: str
    folder: str
    node: tuple[int, int]

    def module(self, name: str) -> str:
        """The engine's own name of a module that sources call by CDKTF's; any other name stays as it is."""
        root, dot, rest = name.partition(".")
        if root == CDKTF.name:
            return f"{self.name}{dot}{rest}"
        if root.startswith(CDKTF.provider_prefix):
            return f"{self.provider_prefix}{name.removeprefix(CDKTF.provider_prefix)}"
        return name


CDKTF: Final = Engine("cdktf", "cdktf_cdktf_provider_", "requirements.txt", folder="", node=(20, 0))
CDK_TERRAIN: Final = Engine("cdktn", "cdktn_provider_", "requirements-cdktn.txt", folder="engines/cdktn", node=(22, 19))
ENGINES: Final = {each.name: each for each in (CDKTF, CDK_TERRAIN)}


@cache
def engine() -> Engine:
    """The engine of this process; nothing is imported to find out.

    Raises:
        ConfigurationError: MODELYARD_ENGINE names none, or one that is not installed.
    """
    name = os.environ.get(ENGINE, "")
    if name and name not in ENGINES:
        mend = f"one of {', '.join(ENGINES)}; without the variable, CDKTF is taken where it is installed"
        raise ConfigurationError(f"there is no engine {name!r}", mend=mend, where=ENGINE)
    wanted = [ENGINES[name]] if name else [*ENGINES.values()]
    for each in wanted:
        if PathFinder.find_spec(each.name):
            return each
    missing = f"{name} is not" if name else f"neither {' nor '.join(ENGINES)} is"
    raise ConfigurationError(
        f"{missing} installed for {sys.executable}",
        mend=f"pip install -r {wanted[0].requirements}",
        where=ENGINE if name else "",
    )


def install() -> None:
    """Let the imports from here on reach the engine; it is chosen when the first of them comes.

    Raises:
        ConfigurationError: CDKTF was imported before, and is not the engine.
    """
    if any(isinstance(finder, _Bindings) for finder in sys.meta_path):
        return
    early = [name for name in sys.modules if _is_cdktfs(name)]
    if early and engine() is not CDKTF:
        raise ConfigurationError(
            f"{min(early, key=len)} was imported before modelyard, and the engine is {engine().name}",
            mend="import modelyard first",
            where=ENGINE,
        )
    sys.meta_path.insert(0, _Bindings())


def _is_cdktfs(name: str) -> bool:
    return name.partition(".")[0] == CDKTF.name or name.startswith(CDKTF.provider_prefix)


class _Bindings(MetaPathFinder):
    """Sees the imports of CDKTF's names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Lead a name to the engine's module; None where the engine has it under that very name."""
        if not _is_cdktfs(fullname) or engine() is CDKTF:
            return None
        return ModuleSpec(fullname, _SameModule(engine().module(fullname)))


class _SameModule(Loader):
    """Gives the module that another name has: one object, so that classes and jsii's maps are one as well."""

    def __init__(self, name: str) -> None:
        self._name = name

    def exec_module(self, module: ModuleType) -> None:
        """Put the other module in the place of the new one, as a module may do for itself."""
        sys.modules[module.__name__] = importlib.import_module(self._name)
