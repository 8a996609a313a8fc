"""Tracks training runs with Polyaxon's SDK, which is in the image for training only: everything else works without."""

import contextlib
import logging
import os
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from .errors import IrisError
from .model import Model

# Under `outputs` of each run.
MODEL_NAME = "iris-model.zip"
DEFAULT_PROJECT = "default/iris"


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
        IrisError: There is no SDK, or the server can't be reached or refuses.
    """
    with polyaxon_errors(), tempfile.TemporaryDirectory() as folder:
        from polyaxon.tracking import Run  # noqa: PLC0415 - takes seconds, and is not in every image

        file = Path(folder, MODEL_NAME)
        file.write_bytes(content)
        place = _server_place(project) if offline_folder is None else _folder_place(project, offline_folder)
        described = f"knn-{model.parameters.n_neighbors}-{model.parameters.weights}"
        kept_out = {"track_code": False, "track_env": False, "track_logs": False, "collect_resources": False}
        run = Run(**place, **kept_out, name=described)
        run.log_inputs(**asdict(model.parameters))
        run.log_outputs(**asdict(model.scores))
        run.log_model(str(file), name="iris-model", framework="scikit-learn")
        run.end()
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
