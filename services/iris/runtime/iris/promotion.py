"""Chooses the best of the tracked runs, and puts its model where the app takes it from."""

from collections.abc import Iterable

from . import locations
from .errors import IrisError
from .model import Model
from .model_file import sha256, unpack
from .parameters import WEIGHTS
from .tracked_runs import TrackedRun


def best_run(runs: Iterable[TrackedRun]) -> TrackedRun:
    """The run with the highest accuracy, of runs with the same split.

    Ties go to the higher f1, then to more neighbours (the smoother border), then to uniform weights, then to the lesser
    of the other parameters, and last to the lesser uuid: runs of equal parameters have equal models.
    """
    return min(runs, key=_rank)


def model_of(run: TrackedRun) -> bytes:
    """The content of a run's model file.

    Raises:
        IrisError: It can't be read, or is not the model that the run tells of.
    """
    content = run.read_model()
    model = unpack(content)
    if (model.parameters, model.scores) != (run.parameters, run.scores):
        raise IrisError(f"run {run.uuid} was tracked with other parameters or scores than its model has")
    return content


def promote(content: bytes, destination: str, *, force: bool) -> None:
    """Copies a model's file to where the app takes it from, and checks the copy.

    Args:
        content: The file's content.
        destination: A path, or the URL of an object in a bucket.
        force: Whether it may replace a better model, one of another split, or what is no model.

    Raises:
        IrisError: It is no model, or there is a better one, or it can't be written.
    """
    new = unpack(content)
    current = locations.read_if_there(destination)
    if current == content:
        return
    if current is not None and not force:
        _refuse_loss(current, new, destination)
    locations.write(destination, content)
    if (written := sha256(locations.read(destination))) != sha256(content):
        raise IrisError(f"{destination} has sha256 {written} instead of {sha256(content)}: somebody else wrote it too")


def _refuse_loss(current: bytes, new: Model, destination: str) -> None:
    try:
        old = unpack(current)
    except IrisError as error:
        raise IrisError(f"{destination} holds something else: {error}; --force replaces it") from error
    if old.parameters.split != new.parameters.split:
        raise IrisError(
            f"{destination} holds a model that was scored with test_size and random_state {old.parameters.split}, "
            f"this one with {new.parameters.split}: which is better is not known; --force replaces it"
        )
    if old.scores.accuracy > new.scores.accuracy:
        raise IrisError(
            f"{destination} holds a better model, accuracy {old.scores.accuracy:.4f}, than this one, "
            f"{new.scores.accuracy:.4f}; --force replaces it"
        )


def _rank(run: TrackedRun) -> tuple[object, ...]:
    parameters, scores = run.parameters, run.scores
    return (
        -scores.accuracy,
        -scores.f1,
        -parameters.n_neighbors,
        WEIGHTS.index(parameters.weights),
        parameters,
        run.uuid,
    )
