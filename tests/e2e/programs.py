"""Programs that tests need, built or installed on first use, and kept."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from tests.e2e.go_modules import BUILD_OPTIONS


def cache_folder() -> Path:
    """Where built programs stay."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "modelyard"


@contextmanager
def one_process(what: str) -> Iterator[None]:
    """While one of the processes of `pytest -n` installs something, the others wait."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with FileLock(cache_folder() / f"{what}.lock"):
        yield


def built_by_go(module: str, *, without: str) -> Path:
    """A program, built on first use; `without` is what cannot be tried without it."""
    name = module.partition("@")[0].rpartition("/")[2]
    if shutil.which("go") is None:
        pytest.skip(f"no Go: {name} cannot be built, {without} was not tried")
    folder = cache_folder() / "bin"
    program = folder / name
    with one_process(name):
        if not program.exists():
            subprocess.run(
                ["go", "install", *BUILD_OPTIONS, "-ldflags=-s -w", module],
                env={**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0"},
                check=True,
                timeout=1200,
            )
    return program


def installed_by_npm(*packages: str, without: str) -> Path:
    """A folder with them, installed on first use; `without` is what cannot be tried without them."""
    if shutil.which("npm") is None:
        pytest.skip(f"no npm: {' and '.join(packages)} cannot be installed, {without} was not tried")
    folder = cache_folder() / "-".join(each.replace("/", "-") for each in packages)
    with one_process(folder.name):
        if not (folder / "node_modules").exists():
            options = ["--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder)]
            done = subprocess.run(
                ["npm", "install", *options, *packages], capture_output=True, text=True, timeout=600, check=False
            )
            if done.returncode:
                reason = done.stderr.partition("\n")[0]
                pytest.skip(f"npm does not install {' and '.join(packages)}, {without} was not tried: {reason}")
    return folder
