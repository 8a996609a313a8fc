"""The command line: `python -m services.rnn_forecaster.training`."""

import argparse
import os
import sys
from pathlib import Path

from modelyard.errors import ConfigurationError
from modelyard.training_arguments import make_output_folder, whole_number

from .random_walk import Windows, random_walk
from .scores import Scores, table
from .variants import VARIANTS

VERSION = "1"  # the folder of a SavedModel is named by the model's version


def main() -> None:
    """Trains, exports and scores models; ends with one line on stderr when that is impossible."""
    arguments = _parser().parse_args()
    variants = list(VARIANTS) if arguments.variant == "both" else [arguments.variant]
    try:
        _train(variants, arguments.seed, arguments.output)
    except ConfigurationError as error:
        sys.exit(f"rnn_forecaster: {error.what}: {error.mend}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.rnn_forecaster.training",
        description="Trains forecasters of a simulated random walk and saves them as TensorFlow Serving reads them.",
    )
    parser.add_argument("--output", type=Path, required=True, help="the folder of the models: DIR/a/1 and DIR/b/1")
    parser.add_argument("--variant", choices=[*VARIANTS, "both"], default="both", help="default both")
    parser.add_argument(
        "--seed", type=whole_number(0, 2**32 - 1), default=1012, help="of the walk and the networks, default 1012"
    )
    return parser


def _train(variants: list[str], seed: int, output: Path) -> None:
    make_output_folder(output)
    # On one thread sums are made in one order, however many cores there are; oneDNN's depend on the kind of core.
    os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_ENABLE_ONEDNN_OPTS": "0"}
    os.environ |= {"TF_NUM_INTEROP_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its own news are nobody's here
    try:
        # This takes seconds, and neither --help nor a wrong folder needs it.
        from . import network  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{error.name} is not installed", mend=f"pip install --requirement {Path(__file__).parent}/requirements.txt"
        ) from None

    training, held_out = random_walk(seed).split()
    unseen = Windows.of(held_out)
    scores = {"naive": Scores.of_naive_forecasts(unseen)}
    for name in variants:
        trained = network.train(Windows.of(training), VARIANTS[name], step=training.step, seed=seed)
        network.export(trained, output / name / VERSION)
        scores[name] = Scores.of(network.predict(trained, unseen.inputs), unseen)
    _say(table(scores))
    _say(f"wrote {', '.join(str(output / name / VERSION) for name in variants)}")


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the command's answer


if __name__ == "__main__":
    main()
