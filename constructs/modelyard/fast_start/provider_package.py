"""A provider's Python package without its modules, which come at first use."""

import importlib
import re
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType

from modelyard.fast_start import NotAsExpectedError

# How jsii-pacmak ends a provider's __init__.py: the package is published, then every one of its modules is imported.
_EAGER_IMPORTS = re.compile(r"(?<=\npublication\.publish\(\)\n)(?:\n|#.*\n|from \. import \w+\n)+\Z")
# How newer ones do it: a package imports a module when it is asked for, and tells jsii where its modules are.
_LIGHT_ALREADY = re.compile(r"^_SUBMODULES = \{$", re.MULTILINE)


def light_spec(stock: ModuleSpec) -> ModuleSpec | None:
    """Give the spec of the same package with a light loader.

    Raises:
        NotAsExpectedError: The package is not a folder of sources in jsii-pacmak's layout.
    """
    if not isinstance(stock.loader, SourceFileLoader):
        raise NotAsExpectedError(f"{stock.name} is not installed as a folder of Python files")
    if _LIGHT_ALREADY.search(stock.loader.get_source(stock.name) or ""):
        return stock
    return spec_from_file_location(
        stock.name,
        stock.origin,
        loader=_LightLoader(stock.name, stock.loader.path),
        submodule_search_locations=stock.submodule_search_locations,
    )


class _LightLoader(SourceFileLoader):
    """Runs a package's own `__init__.py` up to where it imports all of its modules."""

    def __init__(self, fullname: str, path: str) -> None:
        super().__init__(fullname, path)
        source = self.get_source(fullname) or ""
        eager = _EAGER_IMPORTS.search(source)
        if eager is None:
            raise NotAsExpectedError(f"{path} does not end in imports of its modules")
        self._light_source = source[: eager.start()].encode()
        self._submodules = frozenset(re.findall(r"^from \. import (\w+)$", eager[0], re.MULTILINE))
        self._jsii_modules = _jsii_modules()

    def get_code(self, fullname: str) -> CodeType:
        """Compile the shortened source each time (4 ms for the largest): the bytecode file on disk is stock's."""
        return self.source_to_code(self._light_source, self.path)

    def exec_module(self, module: ModuleType) -> None:
        """Run the package, then tell attribute access and jsii where the modules are."""
        super().exec_module(module)
        package = module.__name__
        public = sys.modules[package]  # publication.publish() has put another module in the place of `module`

        def __getattr__(name: str) -> ModuleType:  # noqa: N807  # PEP 562
            if name in self._submodules:
                return importlib.import_module(f"{package}.{name}")
            raise AttributeError(f"module {package!r} has no attribute {name!r}")

        def __dir__() -> list[str]:  # noqa: N807  # PEP 562
            return sorted({*vars(public), *self._submodules} - {"__getattr__", "__dir__"})

        vars(public).update(__getattr__=__getattr__, __dir__=__dir__)
        assembly = sys.modules[f"{package}._jsii"].__jsii_assembly__.name
        for submodule in self._submodules:
            self._jsii_modules[f"{assembly}.{_camel_case(submodule)}"] = f"{package}.{submodule}"


def _jsii_modules() -> dict[str, str]:
    """Give jsii's map from its submodules to Python's, by which it imports types that Python has not met yet."""
    reference_map = importlib.import_module("jsii._reference_map")
    modules = getattr(reference_map, "_submodule_fqn_map", None)
    if not isinstance(modules, dict) or not hasattr(reference_map, "_try_import_type_module"):
        raise NotAsExpectedError("this version of jsii cannot import types on demand")
    return modules


def _camel_case(submodule: str) -> str:
    first, *others = submodule.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)
