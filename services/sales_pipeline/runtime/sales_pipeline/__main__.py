"""The command line: `python -m sales_pipeline STEP`. Each step reads and writes the files it is given, nothing else."""

import argparse
import contextlib
import sys
from pathlib import Path
from typing import NoReturn, TextIO

from .arrays import read_arrays, write_array
from .comparison import compare
from .errors import PipelineError
from .model import Model, write_model
from .preprocessing import preprocess
from .training import TREES, train_forest, train_lasso

# After the second one, which another try can't mend, the workflow does not try again.
_FAILED, _WRONG_INPUT = 1, 2


def main() -> None:
    """Does what the command line says; ends with one line on stderr when that is impossible."""
    arguments = _parser().parse_args()
    try:
        arguments.run(arguments)
    except PipelineError as error:
        _end(error, _WRONG_INPUT)
    except OSError as error:
        _end(error, _FAILED)


def _end(error: Exception, code: int) -> NoReturn:
    _say(f"sales_pipeline: {error}", file=sys.stderr)
    # Where the kubelet reads it from, into the message of the run.
    with contextlib.suppress(OSError), Path("/dev/termination-log").open("r+") as message:
        message.write(f"sales_pipeline: {error}")
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sales_pipeline", description="Trains two models of sales, keeps the better.")
    steps = parser.add_subparsers(required=True, metavar="STEP")
    options = {
        "preprocess": (_preprocess, "split the data", ["sales", "x-train", "x-test", "y-train", "y-test"]),
        "train-forest": (_train_forest, "train a random forest", ["x-train", "y-train", "forest"]),
        "train-lasso": (_train_lasso, "train a linear model", ["x-train", "y-train", "lasso"]),
        "compare": (_compare, "keep the better model", ["x-test", "y-test", "forest", "lasso", "model"]),
    }
    for name, (run, description, files) in options.items():
        step = steps.add_parser(name, help=description, description=description)
        for file in files:
            step.add_argument(f"--{file}", type=Path, required=True, metavar="FILE")
        step.set_defaults(run=run)
        if name == "train-forest":
            step.add_argument("--trees", type=int, default=TREES, help=f"default {TREES}")
    return parser


def _preprocess(arguments: argparse.Namespace) -> None:
    parts = preprocess(arguments.sales)
    files = (arguments.x_train, arguments.x_test, arguments.y_train, arguments.y_test)
    for file, part in zip(files, parts, strict=True):
        write_array(file, part)
    _say(f"{len(parts[0])} rows to train on, {len(parts[1])} to test with, {parts[0].shape[1]} features")


def _train_forest(arguments: argparse.Namespace) -> None:
    x, y = read_arrays(arguments.x_train, arguments.y_train)
    _write(arguments.forest, train_forest(x, y, trees=arguments.trees))


def _train_lasso(arguments: argparse.Namespace) -> None:
    x, y = read_arrays(arguments.x_train, arguments.y_train)
    _write(arguments.lasso, train_lasso(x, y))


def _compare(arguments: argparse.Namespace) -> None:
    x, y = read_arrays(arguments.x_test, arguments.y_test)
    better, worse = compare([arguments.lasso, arguments.forest], x, y)
    for model in (better, worse):
        _say(f"{model.algorithm}: {model.scores}, on {len(x)} rows that it was not trained on")
    _say(f"{better.algorithm} is better: its MSE is the lower one")
    _write(arguments.model, better)


def _write(path: Path, model: Model) -> None:
    _say(f"{model.algorithm}, trained on {model.rows} rows: {path}, sha256 {write_model(path, model)}")


def _say(line: str, *, file: TextIO | None = None) -> None:
    print(line, file=file, flush=True)


if __name__ == "__main__":
    main()
