"""Modules that jsii generated, loaded without evaluating their annotations.

A resource's module has thousands of annotations, whose evaluation takes four fifths of its import. jsii's newer
generator puts that off (PEP 563); here the compiler is told to, and the bytecode has a file beside stock's.
"""

import __future__

import os
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from modelyard.fast_start import NotAsExpectedError, warn
from modelyard.fast_start.type_checks import lighten

import jsii

_BYTECODE = ".pyc"


def light_spec(stock: ModuleSpec) -> ModuleSpec:
    """Give the spec of the same module with the loader below.

    Raises:
        NotAsExpectedError: The module is not a Python file.
    """
    if not isinstance(stock.loader, SourceFileLoader):
        raise NotAsExpectedError(f"{stock.name} is not installed as a Python file")
    stock.loader = _GeneratedLoader(stock.loader.name, stock.loader.path)
    return stock


class _GeneratedLoader(SourceFileLoader):
    """Loads one such module."""

    def source_to_code(self, data: bytes, path: str, *, _optimization: int = -1) -> CodeType:  # type: ignore[override]
        """Compile as if the source began with `from __future__ import annotations`."""
        flags = __future__.annotations.compiler_flag
        code: CodeType = compile(data, path, "exec", flags=flags, dont_inherit=True, optimize=_optimization)
        return code

    def get_data(self, path: str) -> bytes:
        """Read the source, or the bytecode: stock's only where this loader's own cannot be kept for the next start."""
        if not path.endswith(_BYTECODE):
            return super().get_data(path)
        try:
            return super().get_data(_own(path))
        except FileNotFoundError:
            if not sys.dont_write_bytecode and os.access(Path(path).parent, os.W_OK):
                raise  # Python compiles the source, and writes what comes of it
            return super().get_data(path)

    def set_data(self, path: str, data: bytes, *, _mode: int = 0o666) -> None:  # type: ignore[override]
        """Write the bytecode, to this loader's own file."""
        super().set_data(_own(path), data, _mode=_mode)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, then let its type checks cost less, and Node load what it declares."""
        super().exec_module(module)
        _foresee(module)
        try:
            lighten(vars(module))
        except NotAsExpectedError as doubt:
            warn(f"{self.path} {doubt}")


def _foresee(module: ModuleType) -> None:
    """Let Node load the module's resources while Python goes on, where it can (node.py); else it does at first use."""
    foresee = getattr(jsii.kernel.provider, "foresee", lambda _: None)
    for each in vars(module).values():
        if "TF_RESOURCE_TYPE" in getattr(each, "__dict__", {}) and each.__module__ == module.__name__:
            foresee(each.__jsii_type__)


def _own(path: str) -> str:
    return f"{path.removesuffix(_BYTECODE)}.annotations{_BYTECODE}"
