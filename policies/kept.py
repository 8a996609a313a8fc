"""The verdict of the last `modelyard policies`, for whoever asks later what the policies say of the same stacks."""

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from estate.stacks import without_what_moves
from policies.exceptions import EXCEPTIONS
from policies.verdict import Verdict


@dataclass(frozen=True)
class KeptVerdict:
    """A verdict.

    Attributes:
        at: When it was made, in UTC.
        judged: What it is of, see `fingerprint`.
        verdict: It.
    """

    at: datetime.datetime
    judged: str
    verdict: Verdict


_FORM = TypeAdapter(KeptVerdict)


def fingerprint(configurations: Mapping[str, Mapping[str, Any]]) -> str:
    """Changes with what the stacks deploy, and with the accepted exceptions.

    Args:
        configurations: Each stack's `cdk.tf.json`, by its id.
    """
    deployed = {id_: without_what_moves(content) for id_, content in configurations.items()}
    digest = hashlib.sha256(json.dumps(deployed, sort_keys=True).encode())
    digest.update(EXCEPTIONS.read_bytes())
    return digest.hexdigest()


def keep(file: Path, kept: KeptVerdict) -> None:
    """Writes it."""
    # An exception that names no environment is for all: what is not given must not stand there as given.
    file.write_bytes(_FORM.dump_json(kept, indent=1, exclude_defaults=True))


def kept(file: Path) -> KeptVerdict | None:
    """The one in a file; None without one, and for one that another version of this repo wrote."""
    try:
        return _FORM.validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
