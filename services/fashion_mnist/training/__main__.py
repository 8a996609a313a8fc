"""The command line: `python -m services.fashion_mnist.training`."""

import argparse
import os
import sys
from pathlib import Path

from modelyard.errors import ConfigurationError
from modelyard.training_arguments import make_output_folder, whole_number

from .data_set import load_data_set


def main() -> None:
    """Trains, scores and saves a model; ends with one line on stderr when that is impossible."""
    arguments = _parser().parse_args()
    try:
        _train(arguments.data, arguments.epochs, arguments.seed, arguments.output)
    except ConfigurationError as error:
        sys.exit(f"fashion_mnist: {error.what}: {error.mend}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.fashion_mnist.training",
        description="Trains the three-layer network on Fashion-MNIST and saves it as a model that can be served.",
    )
    parser.add_argument("--data", type=Path, help="a folder with the four files; by default they are fetched, once")
    parser.add_argument("--epochs", type=whole_number(1, 1000), default=5, help="default 5")
    parser.add_argument("--seed", type=whole_number(0, 2**32 - 1), default=1012, help="default 1012")
    parser.add_argument("--output", type=Path, required=True, help="the folder of the model")
    return parser


def _train(data: Path | None, epochs: int, seed: int, output: Path) -> None:
    make_output_folder(output)
    data_set = load_data_set(data)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its own news are nobody's here
    try:
        # These take seconds, and neither --help nor a wrong folder needs them.
        from modelyard.serving.formats import save  # noqa: PLC0415

        from .network import evaluate, train  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{error.name} is not installed", mend=f"pip install --requirement {Path(__file__).parent}/requirements.txt"
        ) from None

    network = train(data_set.train, epochs=epochs, seed=seed)
    _say(str(evaluate(network, data_set.test)))
    saved = save(network, output, example=data_set.test.images[:1])
    _say(f"wrote {output}, version {saved.version}")


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the command's answer


if __name__ == "__main__":
    main()
