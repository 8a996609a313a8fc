"""Writes to an environment's file without touching its comments."""

from collections.abc import Iterator
from contextlib import contextmanager

import tomlkit

from stacks.environments import environment_file, load_settings


@contextmanager
def edited(name: str) -> Iterator[tomlkit.TOMLDocument]:
    """The environment's file, written back when the block ends well.

    Raises:
        ConfigurationError: There is no such file, or it is wrong before or after the change; then it stays as it was.
    """
    load_settings(name)
    path = environment_file(name)
    before = path.read_text()
    document = tomlkit.parse(before)
    yield document
    # A table that goes leaves the empty line above it behind.
    path.write_text(f"{tomlkit.dumps(document).rstrip()}\n")
    try:
        load_settings(name)
    except Exception:
        path.write_text(before)
        raise
