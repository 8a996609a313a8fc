import json
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import fsspec
import pytest

from services.iris.runtime.iris import locations
from services.iris.runtime.iris.__main__ import main
from services.iris.runtime.iris.errors import IrisError
from services.iris.runtime.iris.model_file import pack, unpack
from services.iris.runtime.iris.parameters import Parameters
from services.iris.runtime.iris.promotion import best_run, model_of, promote
from services.iris.runtime.iris.scores import Scores
from services.iris.runtime.iris.tracked_runs import TrackedRun, offline_runs
from services.iris.runtime.iris.training import train

BETTER = Parameters(n_neighbors=7)
Command = Callable[..., str | int | None]


@pytest.fixture(scope="module")
def better() -> bytes:
    return pack(train(BETTER))


@pytest.fixture(params=["path", "bucket"])
def destination(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where to promote to; fsspec's store in memory has the same interface as those of clouds."""
    if request.param == "bucket":
        return f"memory://{uuid4().hex}/iris-model.zip"
    return str(tmp_path / "models" / "iris-model.zip")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `python -m iris ARGUMENTS` in this process; gives what it ends with."""

    def run(*arguments: str) -> str | int | None:
        monkeypatch.setattr("sys.argv", ["iris", *arguments])
        try:
            main()
        except SystemExit as ended:
            return ended.code
        return None

    return run


def run_of(parameters: Parameters, accuracy: float, f1: float = 0.9, uuid: str = "0") -> TrackedRun:
    scores = Scores(accuracy=accuracy, recall=0.9, f1=f1)
    return TrackedRun(uuid=uuid, parameters=parameters, scores=scores, read_model=lambda: b"")


def test_the_highest_accuracy_wins() -> None:
    runs = [run_of(Parameters(n_neighbors=each), each / 10) for each in (3, 9, 5)]

    assert best_run(runs).parameters.n_neighbors == 9


def test_ties_are_broken_by_f1_then_more_neighbours_then_uniform_weights() -> None:
    ranked = [
        run_of(Parameters(n_neighbors=3), 0.9, f1=0.95),
        run_of(Parameters(n_neighbors=9), 0.9),
        run_of(Parameters(n_neighbors=7), 0.9),
        run_of(Parameters(n_neighbors=7, weights="distance", leaf_size=10), 0.9),
        run_of(Parameters(n_neighbors=7, weights="distance"), 0.9, uuid="1"),
        run_of(Parameters(n_neighbors=7, weights="distance"), 0.9, uuid="2"),
    ]

    left = ranked[::-1]
    chosen = []
    while left:
        chosen.append(best_run(left))
        left.remove(chosen[-1])

    assert chosen == ranked


def test_a_promoted_model_is_where_the_app_reads_it(destination: str, better: bytes) -> None:
    promote(better, destination, force=False)

    assert unpack(locations.read(destination)).parameters == BETTER


def test_a_better_model_replaces_a_worse_one_and_not_the_other_way(
    destination: str, packed: bytes, better: bytes
) -> None:
    promote(packed, destination, force=False)
    promote(better, destination, force=False)

    with pytest.raises(IrisError, match=r"holds a better model, accuracy 1\.0000, than this one, 0\.9556; --force"):
        promote(packed, destination, force=False)
    assert locations.read(destination) == better

    promote(packed, destination, force=True)
    assert locations.read(destination) == packed


def test_a_model_of_another_split_is_not_replaced(destination: str, packed: bytes) -> None:
    promote(pack(train(Parameters(random_state=1))), destination, force=False)

    with pytest.raises(IrisError, match="which is better is not known"):
        promote(packed, destination, force=False)


def test_what_is_no_model_is_neither_promoted_nor_replaced(destination: str, packed: bytes) -> None:
    with pytest.raises(IrisError, match="not a model of this program"):
        promote(b"something else", destination, force=False)
    assert locations.read_if_there(destination) is None

    locations.write(destination, b"something else")
    with pytest.raises(IrisError, match="holds something else"):
        promote(packed, destination, force=False)


def test_a_copy_that_differs_is_noticed(monkeypatch: pytest.MonkeyPatch, packed: bytes) -> None:
    bucket = type(fsspec.filesystem("memory"))
    pipe_file = bucket.pipe_file
    monkeypatch.setattr(bucket, "pipe_file", lambda self, path, content: pipe_file(self, path, content[:-1]))

    with pytest.raises(IrisError, match="has sha256"):
        promote(packed, f"memory://{uuid4().hex}/iris-model.zip", force=False)


def test_a_promotion_that_fails_leaves_the_old_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bytes, better: bytes
) -> None:
    destination = tmp_path / "iris-model.zip"
    promote(packed, str(destination), force=False)
    monkeypatch.setattr("os.fsync", lambda _file: (_ for _ in ()).throw(OSError("no space left")))

    with pytest.raises(IrisError, match="no space left"):
        promote(better, str(destination), force=False)

    assert destination.read_bytes() == packed
    assert list(tmp_path.iterdir()) == [destination]


@pytest.mark.parametrize("location", ["gopher://host/iris-model.zip", "gs://bucket/iris-model.zip"])
def test_a_location_that_cannot_be_used_is_named_with_examples(location: str) -> None:
    with pytest.raises(IrisError) as error:
        locations.read(location)

    assert str(error.value).startswith(f"{location} can't be used (")
    assert "abfs://container@" in str(error.value)


def track(folder: Path, uuid: str, content: bytes, **changed: object) -> None:
    """Writes a run as Polyaxon's SDK does offline; tests/polyaxon_sdk compares with the real one."""
    model = unpack(content)
    outputs = folder / uuid / "outputs"
    outputs.mkdir(parents=True)
    (outputs / "iris-model.zip").write_bytes(content)
    run = {
        "uuid": uuid,
        "status": "succeeded",
        "inputs": vars(model.parameters),
        "outputs": vars(model.scores),
        **changed,
    }
    (folder / uuid / "run.plx.json").write_text(json.dumps(run))


def test_the_command_promotes_the_best_tracked_run(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str], packed: bytes, better: bytes
) -> None:
    runs, destination = tmp_path / "runs", tmp_path / "iris-model.zip"
    track(runs, "a", packed)
    track(runs, "b", better)
    track(runs, "c", pack(train(Parameters(n_neighbors=1, random_state=2))))
    track(runs, "d", better, status="failed")
    track(runs, "e", better, status="running", outputs=None)
    track(runs, "f", better, inputs=None)

    assert command("promote", str(destination), "--offline-runs", str(runs)) is None

    assert destination.read_bytes() == better
    said = capsys.readouterr().out
    assert "best of 2 runs: b with n_neighbors 7, weights uniform: accuracy 1.0000" in said
    assert "\nleft out: 1 failed, 1 running\n" in said
    assert f"{destination} holds its model, sha256" in said


def test_a_run_whose_model_is_another_than_it_tells_is_refused(tmp_path: Path, packed: bytes, better: bytes) -> None:
    track(tmp_path, "a", packed, outputs=vars(unpack(better).scores))
    (run,) = offline_runs(tmp_path).succeeded

    with pytest.raises(IrisError, match="run a was tracked with other parameters or scores than its model has"):
        model_of(run)


def test_without_runs_the_command_says_what_was_looked_for(command: Command, tmp_path: Path) -> None:
    said = command("promote", "nowhere.zip", "--offline-runs", str(tmp_path), "--test-size", "0.4")

    assert said == (
        "iris: none of 0 tracked runs that succeeded has test_size 0.4 and random_state 1012: "
        "give those of the runs to choose from"
    )


@pytest.mark.parametrize("content", ["{", "[]", '{"uuid": "a"}'])
def test_a_broken_run_is_named(command: Command, tmp_path: Path, content: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "run.plx.json").write_text(content)

    said = command("promote", "nowhere.zip", "--offline-runs", str(tmp_path))

    assert f"{tmp_path}/a/run.plx.json is no run of Polyaxon's" in str(said)


def test_training_goes_on_without_polyaxon(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "polyaxon", None)
    output = tmp_path / "iris-model.zip"

    assert command("train", "--output", str(output), "--offline-runs", str(tmp_path / "runs")) is None

    assert output.is_file()
    assert "not tracked: Polyaxon's SDK is not installed" in capsys.readouterr().out
