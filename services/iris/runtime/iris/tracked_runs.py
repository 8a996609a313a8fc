"""Reads the runs that were tracked, from a folder or from Polyaxon's server."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from .errors import IrisError
from .parameters import Parameters
from .scores import Scores
from .tracking import MODEL_NAME, owner_and_name, polyaxon_errors, stored_model

_PAGE = 100


@dataclass(frozen=True, kw_only=True)
class TrackedRun:
    """A run that succeeded.

    Attributes:
        uuid: Polyaxon's name of it.
        parameters: What it was trained with.
        scores: What it says of its model.
        read_model: Gives the content of its model's file; raises IrisError.
    """

    uuid: str
    parameters: Parameters
    scores: Scores
    read_model: Callable[[], bytes]


class TrackedRuns(NamedTuple):
    """The training runs of a project.

    Attributes:
        succeeded: Those to choose from.
        left_out: How many others there are, by their status.
    """

    succeeded: list[TrackedRun]
    left_out: Counter[str]


def offline_runs(folder: Path) -> TrackedRuns:
    """The runs that were tracked in a folder.

    Raises:
        IrisError: It can't be read.
    """
    runs = TrackedRuns([], Counter())
    for file in sorted(folder.glob("*/run.plx.json")):
        try:
            _sort(json.loads(file.read_text()), _reader(file.parent / "outputs" / MODEL_NAME), runs)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise IrisError(f"{file} is no run of Polyaxon's: {type(error).__name__}: {error}") from error
    return runs


def server_runs(project: str) -> TrackedRuns:
    """The runs of a project on the server that POLYAXON_HOST names.

    Args:
        project: OWNER/NAME.

    Raises:
        IrisError: The server can't be reached or refuses.
    """
    owner, name = owner_and_name(project)
    with polyaxon_errors():
        from polyaxon.client import RunClient  # noqa: PLC0415 - takes seconds, and is not in every image

        client = RunClient(owner=owner, project=name)
        found: list[Any] = []
        while True:
            page = client.list(sort="created_at", limit=_PAGE, offset=len(found)).results
            found += page or []
            if len(page or []) < _PAGE:
                break
        runs = TrackedRuns([], Counter())
        for each in found:
            _sort(each.to_dict(), _downloader(project, each.uuid), runs)
    return runs


def _sort(found: Mapping[str, Any], read_model: Callable[[], bytes], runs: TrackedRuns) -> None:
    """Adds a run to those it belongs to, unless it is no training: a notebook, the parent of a sweep."""
    inputs, outputs, status = found.get("inputs") or {}, found.get("outputs") or {}, found["status"]
    parameters: dict[str, Any] = {each.name: inputs.get(each.name) for each in fields(Parameters)}
    scores: dict[str, Any] = {each.name: outputs.get(each.name) for each in fields(Scores)}
    if None in parameters.values():
        return
    if status != "succeeded" or None in scores.values():
        runs.left_out[status if status != "succeeded" else "without scores"] += 1
        return
    run = TrackedRun(
        uuid=found["uuid"], parameters=Parameters(**parameters), scores=Scores(**scores), read_model=read_model
    )
    runs.succeeded.append(run)


def _reader(file: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            return file.read_bytes()
        except OSError as error:
            raise IrisError(f"the run's model can't be read: {error}") from error

    return read


def _downloader(project: str, uuid: str) -> Callable[[], bytes]:
    owner, name = owner_and_name(project)

    def download() -> bytes:
        with polyaxon_errors():
            from polyaxon.client import RunClient  # noqa: PLC0415 - as above

            return stored_model(RunClient(owner=owner, project=name, run_uuid=uuid))

    return download
