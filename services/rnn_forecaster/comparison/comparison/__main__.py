"""The command line: `python -m comparison`."""

import argparse
import json
import logging
import re
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NoReturn

from .errors import ComparisonError
from .outcome import compare
from .report import report
from .side import Side
from .store import Store

_URL = re.compile(r"https?://[^/?#\s]+/v1/models/[^/?#:\s]+(/(versions|labels)/[^/?#:\s]+)?")
_EXAMPLE = "http://rnn-forecaster-a:8501/v1/models/rnn-forecaster"
_MOST_SEEDS = 2**32


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, instead of two with all options."""
        self.exit(2, f"comparison: {message}\n")


def main() -> None:
    """Compares, and ends with 0 whatever the verdict; with one line on stderr when there is none.

    Then the code is 1 where another try may mend it, and 2 where it can't.
    """
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.ERROR)  # urllib3 warns of each try; the last one's reason is said here
    try:
        _compare(arguments)
    except ComparisonError as error:
        print(f"comparison: {error}", file=sys.stderr)  # noqa: T201 - the command's answer
        sys.exit(error.exit_code)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m comparison",
        description="Sends the same simulated random walk to two model servers, and tells which one forecasts better.",
        epilog="Exit codes: 0 compared, whatever the verdict; 1 another try may mend it; 2 it can't.",
    )
    for side in ("a", "b"):
        parser.add_argument(f"--{side}", type=_url, required=True, metavar="URL", help=f"such as {_EXAMPLE}")
    parser.add_argument(
        "--seed",
        type=_whole_number(0, _MOST_SEEDS - 1),
        metavar="N",
        help="of the series, not that of the training, whose days the models know; by default another one each time",
    )
    parser.add_argument("--days", type=_whole_number(30, 50_000), default=10_000, metavar="N", help="default 10000")
    parser.add_argument(
        "--output", metavar="URL", help="where a folder with comparison.json and comparison.svg is made, such as gs://…"
    )
    return parser


def _compare(arguments: argparse.Namespace) -> None:
    store = Store(arguments.output) if arguments.output else None
    seed = secrets.randbelow(_MOST_SEEDS) if arguments.seed is None else arguments.seed
    a, b = Side("a", arguments.a), Side("b", arguments.b)
    outcome = compare(a, b, seed=seed, days=arguments.days, time=datetime.now(UTC).replace(microsecond=0))
    _say(report(outcome))
    if store:
        from .chart import chart  # noqa: PLC0415 - matplotlib takes a second and 30 MB

        # The JSON file comes last: where it is, all is there.
        files = {"comparison.svg": chart(outcome), "comparison.json": json.dumps(outcome.document(), indent=2).encode()}
        for url in store.write({f"{outcome.name}/{name}": content for name, content in files.items()}):
            _say(f"wrote {url}")


def _url(text: str) -> str:
    if not _URL.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text}: give the URL of a model, without :predict, such as {_EXAMPLE}")
    return text


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,10}", text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text}: give a whole number from {least} to {most}")
        return int(text)

    return parse


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the command's answer


if __name__ == "__main__":
    main()
