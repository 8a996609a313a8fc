"""The stand-in for TensorFlow Serving in a process of its own, with the flags and files of the real image."""

import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stacks.paths import ROOT
from tests.frameworks.server_process import Server, free_port

MODEL_SERVER = ROOT / "services" / "rnn_forecaster" / "model_server"
STAND_IN = ROOT / "tests" / "e2e" / "model_server_stand_in"
# TensorFlow alone takes most of them on a busy machine.
_START_SECONDS = 300


class StandIn(NamedTuple):
    """A server that may not be ready yet."""

    rest: Server
    grpc_port: int

    @property
    def said(self) -> str:
        return self.rest.log.read_text()

    def wait_for(self, words: str) -> None:
        """Until it says them."""
        deadline = time.monotonic() + _START_SECONDS
        while words not in self.said:
            assert self.rest.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.1)


def written_config(folder: Path, name: str, models: Path = MODEL_SERVER / "models") -> Path:
    """A config of the image, with the models where they are on this machine."""
    text = (MODEL_SERVER / "config" / f"{name}.config").read_text()
    path = folder / f"{name}.config"
    path.write_text(text.replace('"/models/', f'"{models}/'))
    return path


@contextlib.contextmanager
def started(config: Path, *flags: str) -> Iterator[StandIn]:
    """With the flags of the image and others, of which the last counts."""
    rest, grpc = free_port(), free_port()
    log = config.with_suffix(".log")
    ports = [f"--port={grpc}", f"--rest_api_port={rest}"]
    given = [*_entrypoint(), *ports, f"--model_config_file={config}", *flags]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, STAND_IN / "tensorflow_model_server", *given],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield StandIn(Server(process, rest, log), grpc)
    finally:
        process.kill()
        process.wait()


def _entrypoint() -> list[str]:
    """The flags of the image's own command, with its files where they are on this machine."""
    dockerfile = (MODEL_SERVER / "Dockerfile").read_text()
    [command] = re.findall(r"^ENTRYPOINT (\[.*?\])", dockerfile, re.MULTILINE | re.DOTALL)
    program, *flags = json.loads(command.replace("\\\n", ""))
    assert program == "tensorflow_model_server"
    return [each.replace("=/config/", f"={MODEL_SERVER}/config/") for each in flags]
