"""The command line: `python -m iris train` and `python -m iris promote`."""

import argparse
import sys
from dataclasses import fields
from pathlib import Path

from .errors import IrisError
from .model_file import pack, sha256
from .parameters import Parameters
from .promotion import best_run, model_of, promote
from .tracked_runs import offline_runs, server_runs
from .tracking import DEFAULT_PROJECT, has_server, track
from .training import train


def main() -> None:
    """Does what the command line says; ends with one line on stderr when that is impossible."""
    arguments = _parser().parse_args()
    try:
        arguments.run(arguments)
    except IrisError as error:
        sys.exit(f"iris: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="iris", description="Trains models of irises, and chooses the best.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    training = commands.add_parser("train", help="train a model, score it, write it to a file, track it")
    for each in fields(Parameters):
        option = f"--{each.name.replace('_', '-')}"
        training.add_argument(option, type=each.type, default=each.default, help=f"default {each.default}")
    training.add_argument("--output", type=Path, default=Path("iris-model.zip"), help="default iris-model.zip")
    training.set_defaults(run=_train)

    promotion = commands.add_parser("promote", help="copy the model of the best tracked run to where the app takes it")
    promotion.add_argument("destination", help="a path, or a URL such as gs://bucket/iris-model.zip")
    promotion.add_argument("--test-size", type=float, default=Parameters.test_size)
    promotion.add_argument("--random-state", type=int, default=Parameters.random_state)
    promotion.add_argument("--force", action="store_true", help="even if the destination has a better model")
    promotion.set_defaults(run=_promote)

    for command in (training, promotion):
        command.add_argument("--project", default=DEFAULT_PROJECT, help=f"on the server, default {DEFAULT_PROJECT}")
        command.add_argument("--offline-runs", type=Path, help="a folder of tracked runs, instead of the server")
    return parser


def _train(arguments: argparse.Namespace) -> None:
    model = train(Parameters(**{each.name: getattr(arguments, each.name) for each in fields(Parameters)}))
    content = pack(model)
    try:
        arguments.output.write_bytes(content)
    except OSError as error:
        raise IrisError(f"output = {arguments.output} can't be written: {error.strerror}") from error
    _say(str(model.scores))
    _say(f"wrote {arguments.output}, sha256 {sha256(content)}")
    if arguments.offline_runs is None and not has_server():
        _say("not tracked: POLYAXON_HOST names no server, and no folder is given with --offline-runs")
        return
    try:
        run = track(model, content, project=arguments.project, offline_folder=arguments.offline_runs)
    except IrisError as error:
        # The model is there: a server that is down must not cost the training.
        _say(f"not tracked: {error}")
    else:
        _say(f"tracked as run {run}")


def _promote(arguments: argparse.Namespace) -> None:
    where = arguments.offline_runs
    tracked = server_runs(arguments.project) if where is None else offline_runs(where)
    # Accuracies on different flowers can't be compared.
    runs = [run for run in tracked.succeeded if run.parameters.split == (arguments.test_size, arguments.random_state)]
    if not runs:
        split = f"test_size {arguments.test_size} and random_state {arguments.random_state}"
        succeeded = f"none of {len(tracked.succeeded)} tracked runs that succeeded"
        raise IrisError(f"{succeeded} has {split}: give those of the runs to choose from")
    run = best_run(runs)
    content = model_of(run)
    chosen = f"n_neighbors {run.parameters.n_neighbors}, weights {run.parameters.weights}"
    _say(f"best of {len(runs)} runs: {run.uuid} with {chosen}: {run.scores}")
    if tracked.left_out:
        _say(f"left out: {', '.join(f'{count} {status}' for status, count in sorted(tracked.left_out.items()))}")
    promote(content, arguments.destination, force=arguments.force)
    _say(f"{arguments.destination} holds its model, sha256 {sha256(content)}")


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the command's answer


if __name__ == "__main__":
    main()
