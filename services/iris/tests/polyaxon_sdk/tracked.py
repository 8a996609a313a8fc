"""Trains, tracks and promotes with Polyaxon's real SDK, offline and against its real server; checks the polyaxonfiles.

Not collected by default: `make test-polyaxon` makes an environment of its own for it.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict
from itertools import product
from pathlib import Path

import pytest
from polyaxon.polyaxonfile import CompiledOperationSpecification, OperationSpecification, check_polyaxonfile
from polyaxon.schemas import V1GridSearch, V1Operation

from services.iris.runtime.iris.model_file import pack, unpack
from services.iris.runtime.iris.parameters import Parameters
from services.iris.runtime.iris.training import train
from services.iris.tests.program import run

FILES = Path(__file__).parents[2] / "polyaxon"
IMAGE = "registry.example/iris-training:1"
SWEEP = list(product((3, 5, 7, 9), ("uniform", "distance")))
# What a loop over the same parameters finds, without Polyaxon.
BEST = Parameters(n_neighbors=7)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The SDK's own files in a folder of their own, and nothing sent to its makers."""
    return {
        "POLYAXON_HOME": str(tmp_path_factory.mktemp("home")),
        "POLYAXON_DISABLE_ERRORS_REPORTING": "true",
        "POLYAXON_INTERVALS_COMPATIBILITY_CHECK": "-1",
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str]) -> Iterator[str]:
    """Polyaxon's own API in a process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("server")
    command = [str(Path(sys.executable).with_name("haupt")), "sandbox", "start", "--host", "127.0.0.1"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--workers", "1", "--path", str(folder / "root")],
            env={**os.environ, **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/healthz/", process, folder / "log")
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - http, of this machine
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"the server did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def project(server: str, settings: dict[str, str]) -> str:
    """A project on the server."""
    made = "from polyaxon.client import ProjectClient as P; P(owner='default', project='iris').create({'name': 'iris'})"
    subprocess.run([sys.executable, "-c", made], env={**os.environ, **settings, "POLYAXON_HOST": server}, check=True)
    return "default/iris"


def sweep(tmp_path: Path, *arguments: str, **variables: str) -> None:
    """The eight runs of the sweep, as the polyaxonfile has them."""
    for n_neighbors, weights in SWEEP:
        output = str(tmp_path / "iris-model.zip")
        chosen = ("--n-neighbors", str(n_neighbors), "--weights", weights, "--output", output)
        code, said = run("train", *chosen, *arguments, **variables)
        assert code == 0, said
        assert re.search(r"^tracked as run \w{32}$", said, re.MULTILINE), said


def test_a_sweep_offline_promotes_the_same_model_as_a_plain_loop(tmp_path: Path, settings: dict[str, str]) -> None:
    runs, destination = tmp_path / "runs", tmp_path / "promoted.zip"
    sweep(tmp_path, "--offline-runs", str(runs), **settings)

    code, said = run("promote", str(destination), "--offline-runs", str(runs), **settings)

    assert (code, said.startswith("best of 8 runs: ")) == (0, True), said
    assert destination.read_bytes() == pack(train(BEST))


def test_a_sweep_on_the_server_promotes_the_same_model(
    tmp_path: Path, server: str, project: str, settings: dict[str, str]
) -> None:
    variables = {**settings, "POLYAXON_HOST": server}
    destination = tmp_path / "promoted.zip"
    sweep(tmp_path, "--project", project, **variables)

    code, said = run("promote", str(destination), "--project", project, **variables)

    assert code == 0, said
    assert "best of 8 runs: " in said
    assert destination.read_bytes() == pack(train(BEST))


def test_a_server_that_is_down_costs_the_tracking_only(tmp_path: Path, settings: dict[str, str]) -> None:
    output = tmp_path / "iris-model.zip"

    code, said = run("train", "--output", str(output), **settings, POLYAXON_HOST="http://127.0.0.1:9")

    assert (code, unpack(output.read_bytes()).parameters) == (0, Parameters())
    assert "not tracked: the server http://127.0.0.1:9 can't be used" in said
    assert "Traceback" not in said


def test_promotion_without_a_server_is_refused_in_one_line(settings: dict[str, str]) -> None:
    code, said = run("promote", "nowhere.zip", **settings, POLYAXON_HOST="http://127.0.0.1:9")

    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("iris: the server http://127.0.0.1:9 can't be used")


def operation(file: str, **params: object) -> V1Operation:
    """A polyaxonfile as `polyaxon run --param ...` reads it."""
    given = {"image": IMAGE, **params}
    return check_polyaxonfile(polyaxonfile=str(FILES / file), params=given, is_cli=False, verbose=False)


def test_polyaxon_makes_of_the_file_a_command_of_this_program(tmp_path: Path) -> None:
    asked = operation("polyaxonfile.yaml", n_neighbors=7, p=1.5)
    compiled = OperationSpecification.compile_operation(asked)
    compiled = CompiledOperationSpecification.apply_params(compiled, params=asked.params)
    container = CompiledOperationSpecification.apply_runtime_contexts(compiled).run.container
    assert (container.image, container.command) == (IMAGE, ["python", "-m", "iris"])

    output = tmp_path / "iris-model.zip"
    code, said = run(*container.args, "--output", str(output))

    assert code == 0, said
    assert unpack(output.read_bytes()).parameters == Parameters(n_neighbors=7, p=1.5)


def test_the_files_defaults_are_those_of_the_program() -> None:
    component = operation("polyaxonfile.yaml").component

    assert {each.name: each.value for each in component.inputs if each.name != "image"} == asdict(Parameters())


def test_the_sweep_has_eight_runs_two_at_a_time() -> None:
    matrix = operation("sweep.yaml").matrix

    assert isinstance(matrix, V1GridSearch)
    assert matrix.concurrency == 2
    assert list(product(*(matrix.params[name].value for name in ("n_neighbors", "weights")))) == SWEEP


def test_polyaxons_own_command_finds_nothing_wrong_with_the_files(settings: dict[str, str]) -> None:
    for file in ("polyaxonfile.yaml", "sweep.yaml"):
        command = [str(Path(sys.executable).with_name("polyaxon")), "check", "-f", file, "-P", f"image={IMAGE}"]
        done = subprocess.run(
            command, cwd=FILES, env={**os.environ, **settings}, capture_output=True, text=True, check=False
        )
        assert (done.returncode, "Polyaxonfile valid" in done.stdout) == (0, True), done.stdout + done.stderr
