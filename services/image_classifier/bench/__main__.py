"""`make bench-classifier`: this service and the same network behind Flask and PyTorch, under the same load.

The two take turns on one core, which is what the pod's CPU limit allows; the clients have the machine's other cores.
Both have the same random weights, and must give the same answers before anything is timed.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from PIL import Image

from services.image_classifier.bench.load import Clients
from services.image_classifier.bench.report import CONCURRENCIES, DOCUMENT, Round, document, report
from services.image_classifier.bench.sides import Server, Side, flask_and_torch, ours
from services.image_classifier.runtime.export.checkpoint import read_checkpoint
from services.image_classifier.runtime.export.graph import build_alexnet
from services.image_classifier.tests.alexnet import TORCHVISIONS_SIZES, random_weights, write_checkpoint
from services.image_classifier.tests.pictures import encoded, noise, picture

_TORCH_PYTHON = Path(".venv-frameworks/bin/python").absolute()
_CLOSED_SECONDS = 5
_OPEN_SECONDS = 12
_UTILISATION = 0.7  # of the slower side, in the open loop
_TOLERANCE = 2e-5  # of a confidence


def main() -> None:
    """Prints what is under way, and the table."""
    parser = argparse.ArgumentParser(prog="python -m services.image_classifier.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=4, help="turns of each side, of about 35 s (default: 4)")
    parser.add_argument("--write", action="store_true", help="write the table into the service's README.md")
    options = parser.parse_args()
    if not _TORCH_PYTHON.exists():
        sys.exit("error: .venv-frameworks, with the other side, is missing: `make bench-classifier` makes it")
    core = _leave_a_core()
    pictures = [encoded(_photo(seed), quality=85) for seed in range(8)]
    with tempfile.TemporaryDirectory() as folder:
        sides = _sides(Path(folder))
        _say("comparing the answers ...")
        rate = _UTILISATION * _compare_answers(sides, pictures, core)
        rounds: dict[str, list[Round]] = {side.name: [] for side in sides}
        for number in range(options.rounds):
            for side in sides if number % 2 else sides[::-1]:
                _say(f"round {number + 1} of {options.rounds}: {side.name} ...")
                rounds[side.name].append(_measure(side, pictures, core, rate))
        text = report(sides, rounds, rate, len(pictures[0]))
    _say(text)
    if options.write:
        DOCUMENT.write_text(document(DOCUMENT.read_text(), text))


def _leave_a_core() -> int:
    """The core for the servers; this process, the clients, goes to the others."""
    core, *others = sorted(os.sched_getaffinity(0))
    if not others:
        sys.exit("error: one core is for the server, others are for the clients: two are needed, this machine has one")
    os.sched_setaffinity(0, others)
    return core


def _photo(seed: int) -> Image.Image:
    """800x600, and as large as a JPEG of a photograph, about 120 KB."""
    return Image.blend(picture(800, 600, seed), noise(800, 600, seed), 0.15)


def _sides(folder: Path) -> list[Side]:
    """Both with the same weights, in the sizes of the real ones."""
    weights, model = folder / "alexnet.pth", folder / "alexnet.onnx"
    tensors = random_weights(sizes=TORCHVISIONS_SIZES)
    tensors["classifier.6.weight"] *= np.float32(0.1)  # else one class has it all, and confidences would say little
    write_checkpoint(weights, tensors)
    onnx.save(build_alexnet(read_checkpoint(weights)), model)
    return [ours(model), flask_and_torch(_TORCH_PYTHON, weights)]


def _compare_answers(sides: Sequence[Side], pictures: Sequence[bytes], core: int) -> float:
    """The requests a second of the slower side with as many clients as there will be.

    Raises:
        SystemExit: the answers differ.
    """
    answers: list[list[dict[str, float]]] = []
    rates = []
    for side in sides:
        with Server(side, core) as server:
            clients = Clients(server.port, pictures)
            bodies = [clients.predict(number).json() for number in range(len(pictures))]
            answers.append([{each["label"]: each["confidence"] for each in body["top5"]} for body in bodies])
            rates.append(clients.closed_loop(max(CONCURRENCIES), _CLOSED_SECONDS).per_second)
    for number, (first, second) in enumerate(zip(*answers, strict=True)):
        if list(first) != list(second) or any(abs(first[each] - second[each]) > _TOLERANCE for each in first):
            sys.exit(f"error: the answers to picture {number} differ: {first} and {second}")
    return min(rates)


def _measure(side: Side, pictures: Sequence[bytes], core: int, rate: float) -> Round:
    with Server(side, core) as server:
        clients = Clients(server.port, pictures)
        for number in range(len(pictures)):
            clients.predict(number)
        closed, cpu_seconds = {}, {}
        for concurrency in CONCURRENCIES:
            before = server.cpu_seconds()
            closed[concurrency] = clients.closed_loop(concurrency, _CLOSED_SECONDS)
            cpu_seconds[concurrency] = (server.cpu_seconds() - before) / len(closed[concurrency].latencies)
        opened = clients.open_loop(rate, _OPEN_SECONDS)
        return Round(server.start_seconds, server.peak_bytes(), closed, cpu_seconds, opened)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # what the command is for


if __name__ == "__main__":
    main()
