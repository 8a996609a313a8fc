"""Arguments of training commands, refused before the training whose outcome would be lost."""

import argparse
from collections.abc import Callable
from pathlib import Path

from modelyard.errors import ConfigurationError


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """An argument's type for argparse: a number from `least` to `most`, in digits."""

    def parse(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text}: give a whole number from {least} to {most}")
        return int(text)

    return parse


def make_output_folder(folder: Path) -> None:
    """Makes the folder that `--output` names, or takes it as it is if nothing is in it.

    Raises:
        ConfigurationError: Something is in it, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        raise ConfigurationError(f"--output {folder}: {error.strerror}", mend="name a folder of yours") from None
    if not is_empty:
        raise ConfigurationError(f"--output {folder} is not empty", mend="name a folder that does not exist yet")
