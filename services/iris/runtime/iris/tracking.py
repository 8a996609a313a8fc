"""Tracks training runs with Polyaxon's SDK, which is in the image for training only: everything else works without."""

import contextlib
import io
import logging
import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import IrisError
from .model import Model

if TYPE_CHECKING:
    from polyaxon.client import RunClient
    from polyaxon.tracking import Run

# Under `outputs` of each run.
MODEL_NAME = "iris-model.zip"
DEFAULT_PROJECT = "default/iris"
# Between two looks at what the server has of a run.
_PAUSES_SECONDS = (0.2, 0.5, 1, 2, 4)


def has_server() -> bool:
    """Whether Polyaxon's own variables name a server, as they do in each pod that Polyaxon starts."""
    return bool(os.environ.get("POLYAXON_HOST") or os.environ.get("POLYAXON_RUN_INSTANCE"))


def track(model: Model, content: bytes, *, project: str, offline_folder: Path | None) -> str:
    """Records a run: its parameters, scores, and the model.

    Args:
        model: What was trained.
        content: Its file.
        project: OWNER/NAME on the server; where Polyaxon started this run, it knows better.
        offline_folder: Where the run becomes a folder, instead of on the server.

    Returns:
        The run's uuid.

    Raises:
        IrisError: There is no SDK, or the server can't be reached, refuses, or loses parts of the run.
    """
    with polyaxon_errors(), tempfile.TemporaryDirectory() as folder:
        file = Path(folder, MODEL_NAME)
        file.write_bytes(content)
        place = _server_place(project) if offline_folder is None else _folder_place(project, offline_folder)
        described = f"knn-{model.parameters.n_neighbors}-{model.parameters.weights}"
        run = _begun(**place, name=described)
        run.log_inputs(**asdict(model.parameters))
        run.log_outputs(**asdict(model.scores))
        run.log_model(str(file), name="iris-model", framework="scikit-learn")
        run.end()
        if offline_folder is None:
            _complete(run, model, file)
        return str(run.run_uuid)


def owner_and_name(project: str) -> tuple[str, str]:
    """The two parts of OWNER/NAME.

    Raises:
        IrisError: It has not two parts.
    """
    owner, slash, name = project.partition("/")
    if not (owner and slash and name) or "/" in name:
        raise IrisError(f"project = {project}: give OWNER/NAME, such as {DEFAULT_PROJECT}")
    return owner, name


@contextlib.contextmanager
def polyaxon_errors() -> Iterator[None]:
    """Turns what the SDK raises into IrisError; it would also log it, with pages of stack traces."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    except IrisError:
        raise
    except ImportError as error:
        raise IrisError(f"Polyaxon's SDK is not installed ({error}): use the image for training") from error
    except Exception as error:  # the SDK lets through what urllib3, pydantic and the server say
        host = os.environ.get("POLYAXON_HOST", "of this machine's Polyaxon settings")
        said = str(error).strip().splitlines() or [""]
        raise IrisError(f"the server {host} can't be used: {type(error).__name__}: {said[0][:300]}") from error
    finally:
        logging.disable(logging.NOTSET)


def stored_model(run: "RunClient") -> bytes:
    """The content of the model's file that the server has of a run.

    Args:
        run: The SDK's client of it.
    """
    # The SDK draws a bar of its progress.
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        run.download_artifact(f"outputs/{MODEL_NAME}", path_to=folder)
        return Path(folder, "outputs", MODEL_NAME).read_bytes()


def _begun(**arguments: object) -> "Run":
    """A new run, or the one that Polyaxon has started."""
    from polyaxon.exceptions import ApiException  # noqa: PLC0415 - takes seconds, and is not in every image
    from polyaxon.tracking import Run  # noqa: PLC0415 - as above

    kept_out = {"track_code": False, "track_env": False, "track_logs": False, "collect_resources": False}
    for pause in _PAUSES_SECONDS:
        try:
            return Run(**arguments, **kept_out)
        except ApiException as error:
            if not _may_pass(error.status):
                raise
            time.sleep(pause)
    return Run(**arguments, **kept_out)


def _may_pass(status: int) -> bool:
    """Whether a request may succeed when it is sent again; Polyaxon tells of its own faults with 405, but for GET."""
    return status == 405 or status >= 500


def _complete(run: "Run", model: Model, file: Path) -> None:
    """Sends again what has not arrived: the SDK waits for no answers, and a run without them is no candidate."""
    from polyaxon.exceptions import ApiException  # noqa: PLC0415 - as above

    missing = ["it answers with faults"]
    for pause in _PAUSES_SECONDS:
        time.sleep(pause)
        try:
            if not (missing := _send_missing(run, model, file)):
                return
        except ApiException as error:
            if not _may_pass(error.status):
                raise
    raise IrisError(f"the server has lost parts of run {run.run_uuid}, again and again: {', '.join(missing)}")


def _send_missing(run: "Run", model: Model, file: Path) -> list[str]:
    """Looks at what the server has of a run, and sends what it has not; gives the names of that."""
    run.refresh_data()
    has = run.run_data
    missing = []
    if not asdict(model.parameters).items() <= (has.inputs or {}).items():
        missing.append("inputs")
        run.log_inputs(**asdict(model.parameters), async_req=False)
    if not asdict(model.scores).items() <= (has.outputs or {}).items():
        missing.append("outputs")
        run.log_outputs(**asdict(model.scores), async_req=False)
    if os.environ.get("POLYAXON_RUN_INSTANCE"):
        return missing  # Polyaxon's own containers bring the rest when this one has ended
    if has.status != "succeeded":
        missing.append("status")
        run.log_status("succeeded")
    if not _has_model(run, file):
        missing.append("model")
        run.upload_artifact(str(file), path="outputs", show_progress=False)
    return missing


def _has_model(run: "Run", file: Path) -> bool:
    from polyaxon.exceptions import PolyaxonClientException  # noqa: PLC0415 - as above

    try:
        return stored_model(run) == file.read_bytes()
    except PolyaxonClientException:
        return False


def _server_place(project: str) -> dict[str, object]:
    if os.environ.get("POLYAXON_RUN_INSTANCE"):
        return {}  # Polyaxon has started this run and says which it is
    owner, name = owner_and_name(project)
    return {"owner": owner, "project": name}


def _folder_place(project: str, folder: Path) -> dict[str, object]:
    owner, name = owner_and_name(project)
    run_uuid = uuid.uuid4().hex
    path = str(folder.absolute() / run_uuid)
    return {"owner": owner, "project": name, "is_offline": True, "run_uuid": run_uuid, "artifacts_path": path}
