"""Reads the runs that were tracked, from a folder or from Polyaxon's server."""

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from .errors import IrisError
from .parameters import Parameters
from .scores import Scores
from .tracking import MODEL_NAME, owner_and_name, polyaxon_errors

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


def offline_runs(folder: Path) -> list[TrackedRun]:
    """The runs that were tracked in a folder.

    Raises:
        IrisError: It can't be read.
    """
    runs = []
    for file in sorted(folder.glob("*/run.plx.json")):
        try:
            found = json.loads(file.read_text())
            runs.append(_run(found["uuid"], found, _reader(file.parent / "outputs" / MODEL_NAME)))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IrisError(f"{file} is no run of Polyaxon's: {type(error).__name__}: {error}") from error
    return [run for run in runs if run]


def server_runs(project: str) -> list[TrackedRun]:
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
            page = client.list(query="status: succeeded", sort="created_at", limit=_PAGE, offset=len(found)).results
            found += page or []
            if len(page or []) < _PAGE:
                break
        runs = [_run(each.uuid, each.to_dict(), _downloader(project, each.uuid)) for each in found]
    return [run for run in runs if run]


def _run(uuid: str, found: Mapping[str, Any], read_model: Callable[[], bytes]) -> TrackedRun | None:
    """A run, None for one that is no successful training: a notebook, the parent of a sweep."""
    inputs, outputs = found.get("inputs") or {}, found.get("outputs") or {}
    parameters: dict[str, Any] = {each.name: inputs.get(each.name) for each in fields(Parameters)}
    scores: dict[str, Any] = {each.name: outputs.get(each.name) for each in fields(Scores)}
    if found["status"] != "succeeded" or None in parameters.values() or None in scores.values():
        return None
    return TrackedRun(uuid=uuid, parameters=Parameters(**parameters), scores=Scores(**scores), read_model=read_model)


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
        with polyaxon_errors(), tempfile.TemporaryDirectory() as folder:
            from polyaxon.client import RunClient  # noqa: PLC0415 - as above

            client = RunClient(owner=owner, project=name, run_uuid=uuid)
            client.download_artifact(f"outputs/{MODEL_NAME}", path_to=folder)
            return Path(folder, "outputs", MODEL_NAME).read_bytes()

    return download
