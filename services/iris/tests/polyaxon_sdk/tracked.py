"""Trains, tracks and promotes with Polyaxon's real SDK, offline and against its real server; checks the polyaxonfiles.

Not collected by default: `make test-polyaxon` makes an environment of its own for it.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from threading import Thread

import pytest
import urllib3
from polyaxon.polyaxonfile import CompiledOperationSpecification, OperationSpecification
from polyaxon.schemas import V1GridSearch

from services.iris.runtime.iris.model_file import pack, unpack
from services.iris.runtime.iris.parameters import Parameters
from services.iris.runtime.iris.training import train
from services.iris.tests.polyaxon_sdk.compiled_sweep import FILES, operation
from services.iris.tests.polyaxon_sdk.server import PROJECT, running_server
from services.iris.tests.polyaxon_sdk.server import settings as sdk_settings
from services.iris.tests.program import run

IMAGE = "registry.example/iris-training:1"
SWEEP = list(product((3, 5, 7, 9), ("uniform", "distance")))
# What a loop over the same parameters finds, without Polyaxon.
BEST = Parameters(n_neighbors=7)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables for the SDK."""
    return sdk_settings(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Polyaxon's own API in a process."""
    with running_server(Path(sys.executable).parent, tmp_path_factory.mktemp("server")) as url:
        yield url


@contextmanager
def losing_requests(server: str, lost: Callable[[str, str], bool]) -> Iterator[str]:
    """A proxy that answers some requests in the server's place, with a fault.

    Args:
        server: The server's URL.
        lost: Of a request's method and path, whether it never arrives.

    Yields:
        Its own URL.
    """

    class Proxy(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if lost(self.command, self.path):
                self.send_error(500)
                return
            passed_on = urllib3.request(
                self.command, server + self.path, body=body, headers=dict(self.headers), decode_content=False
            )
            self.send_response(passed_on.status)
            for name in ("Content-Type", "Content-Encoding"):
                if name in passed_on.headers:
                    self.send_header(name, passed_on.headers[name])
            self.send_header("Content-Length", str(len(passed_on.data)))
            self.end_headers()
            self.wfile.write(passed_on.data)

        do_GET = do_POST = do_PATCH = answer  # noqa: N815 - the names that the server calls

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_port}"
        proxy.shutdown()


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


def test_a_sweep_on_the_server_promotes_the_same_model(tmp_path: Path, server: str, settings: dict[str, str]) -> None:
    variables = {**settings, "POLYAXON_HOST": server}
    destination = tmp_path / "promoted.zip"
    sweep(tmp_path, **variables)

    code, said = run("promote", str(destination), **variables)

    assert code == 0, said
    assert "best of 8 runs: " in said
    assert destination.read_bytes() == pack(train(BEST))


def test_what_the_server_loses_of_a_run_is_sent_again(tmp_path: Path, server: str, settings: dict[str, str]) -> None:
    seen: set[str] = set()

    def first_of_its_kind(method: str, path: str) -> bool:
        kind = re.sub(r"\w{32}", "RUN", path.partition("?")[0]).rpartition("/")[2]
        if method == "GET" or kind in seen:
            return False
        seen.add(kind)
        return True

    with losing_requests(server, first_of_its_kind) as url:
        code, said = run("train", "--output", str(tmp_path / "iris-model.zip"), **settings, POLYAXON_HOST=url)

    assert code == 0
    found = re.search(r"^tracked as run (\w{32})$", said, re.MULTILINE)
    assert found, said
    has = urllib3.request("GET", f"{server}/api/v1/{PROJECT}/runs/{found[1]}").json()
    assert (has["status"], has["inputs"]) == ("succeeded", asdict(Parameters()))
    assert set(has["outputs"]) >= {"accuracy", "recall", "f1"}
    stored = f"{server}/streams/v1/polyaxon/{PROJECT}/runs/{found[1]}/artifact?path=outputs/iris-model.zip"
    assert urllib3.request("GET", stored).data == (tmp_path / "iris-model.zip").read_bytes()
    # A new run, its parameters and scores, its status, the model and its lineage.
    assert seen == {"runs", "RUN", "statuses", "artifact", "artifacts"}


def test_a_run_that_polyaxon_has_started_is_tracked_as_that_run(
    tmp_path: Path, server: str, settings: dict[str, str]
) -> None:
    body = {"name": "started", "is_managed": False}
    created = urllib3.request("POST", f"{server}/api/v1/{PROJECT}/runs", json=body).json()["uuid"]
    managed = {
        "POLYAXON_HOST": server,
        "POLYAXON_IS_MANAGED": "true",
        "POLYAXON_RUN_INSTANCE": f"default.iris.runs.{created}",
        "POLYAXON_COLLECT_ARTIFACTS": "true",
        "POLYAXON_CONTEXT_ROOT": str(tmp_path / "context"),
    }

    code, said = run("train", "--output", str(tmp_path / "iris-model.zip"), **settings, **managed)

    assert (code, f"tracked as run {created}" in said) == (0, True), said
    has = urllib3.request("GET", f"{server}/api/v1/{PROJECT}/runs/{created}").json()
    assert (has["inputs"], set(has["outputs"])) == (asdict(Parameters()), {"accuracy", "recall", "f1"})
    # Polyaxon's container beside it takes the model from here to the store, and its operator tells the status.
    kept = tmp_path / "context" / "artifacts" / created / "outputs" / "iris-model.zip"
    assert kept.read_bytes() == (tmp_path / "iris-model.zip").read_bytes()
    assert has["status"] != "succeeded"


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


def test_polyaxon_makes_of_the_file_a_command_of_this_program(tmp_path: Path) -> None:
    asked = operation("polyaxonfile.yaml", image=IMAGE, n_neighbors=7, p=1.5)
    compiled = OperationSpecification.compile_operation(asked)
    compiled = CompiledOperationSpecification.apply_params(compiled, params=asked.params)
    container = CompiledOperationSpecification.apply_runtime_contexts(compiled).run.container
    assert (container.image, container.command) == (IMAGE, ["python", "-m", "iris"])

    output = tmp_path / "iris-model.zip"
    code, said = run(*container.args, "--output", str(output))

    assert code == 0, said
    assert unpack(output.read_bytes()).parameters == Parameters(n_neighbors=7, p=1.5)


def test_the_files_defaults_are_those_of_the_program() -> None:
    component = operation("polyaxonfile.yaml", image=IMAGE).component

    assert {each.name: each.value for each in component.inputs if each.name != "image"} == asdict(Parameters())


def test_the_sweep_has_eight_runs_two_at_a_time() -> None:
    matrix = operation("sweep.yaml", image=IMAGE).matrix

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
