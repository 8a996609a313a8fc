"""Copies of all states, before anything goes."""

import datetime
import json
from pathlib import Path

from estate.states import States


def back_up(states: States, folder: Path) -> Path:
    """Writes each state into a new folder, named after the time, which only its owner may read.

    Args:
        states: What is deployed.
        folder: Where the backups of the environment are; made when missing.

    Returns:
        The new folder. `modelyard state restore` takes its files.
    """
    now = datetime.datetime.now(datetime.UTC)
    place = folder / f"{now:%Y-%m-%dT%H-%M-%S.%fZ}"
    place.mkdir(mode=0o700, parents=True)
    for id_, state in states.items():
        file = place / f"{id_}.tfstate"
        file.touch(mode=0o600)
        file.write_text(json.dumps(state.content, indent=2))
    return place
