"""What cannot be saved: the least that Python, Node, jsii, CDKTF's CLI and Terraform take to do nothing."""

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.deploys import Estate
from bench.process import measured
from bench.samples import Samples, ratios, table, take_turns
from commands.cdktf_cli import CDKTF

OURS = "synth of one service, ours"
_EMPTY = "from cdktf import App; App(outdir=sys.argv[1]).synth()"
_STACK = "gke-dev-model-0"
_REPETITIONS = 7


class _Floors:
    """Commands beside an environment whose one service is deployed."""

    def __init__(self, scratch: Path, estate: Estate, variables: Mapping[str, str]) -> None:
        self._scratch, self._estate = scratch, estate
        self._variables = {**estate.checkout.variables(), **variables}
        self._folder = estate.rehearsal.output / "stacks" / _STACK

    def ways(self) -> Mapping[str, Callable[[], float]]:
        """Seconds, by what takes them."""
        empty = str(self._scratch / "empty")
        python = [sys.executable, "-c"]
        app = f"import sys; {_EMPTY}"
        commands: dict[str, list[str]] = {
            "`python -c pass`": [*python, "pass"],
            "`node -e 0`": ["node", "-e", "0"],
            "an empty app, stock": [*python, app, empty],
            "an empty app, ours": [*python, f"import modelyard, sys; {_EMPTY}", empty],
            OURS: self._estate.rehearsal.app_command(),
            "`cdktf synth` of an empty app": [
                str(CDKTF),
                "synth",
                "--app",
                f"{sys.executable} {self._program(app)} {empty}",
                "--output",
                empty,
            ],
            "`modelyard --help`": [sys.executable, "-m", "commands", "--help"],
            "`terraform version`": ["terraform", "version"],
            "`terraform plan` of one service's stack": ["terraform", "plan", "-input=false", "-lock=false"],
        }
        timed: dict[str, Callable[[], float]] = {name: partial(self._timed, each) for name, each in commands.items()}
        return {**timed, "`terraform init` of one service's stack": self._init}

    def _program(self, text: str) -> Path:
        file = self._scratch / "empty.py"
        file.write_text(text)
        return file

    def _timed(self, command: Sequence[str]) -> float:
        (self._scratch / "empty").mkdir(exist_ok=True)
        folder = self._folder if command[0] == "terraform" else self._estate.checkout.folder
        output = {"CDKTF_OUTDIR": str(self._scratch / "synth")}
        return measured(command, variables={**self._variables, **output}, folder=folder).seconds

    def _init(self) -> float:
        shutil.rmtree(self._folder / ".terraform")
        return self._timed(["terraform", "init", "-input=false"])


def measure(repetitions: int) -> Mapping[str, Samples]:
    """All in turns, in seconds."""
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        estate = Estate(scratch, 1)
        with estate.empty_clouds() as variables:
            estate.synthesise(variables)
            estate.loop(variables)
            ways = _Floors(scratch, estate, variables).ways()
            take_turns(ways, 1)  # fills the caches
            return {name: Samples(tuple(each)) for name, each in take_turns(ways, repetitions).items()}


def report(repetitions: int = _REPETITIONS) -> str:
    """Measures, and gives the table."""
    found = measure(repetitions)
    rows = [
        (name, each.shown(2), "" if name == OURS else ratios(each, found[OURS]).shown(2))
        for name, each in found.items()
    ]
    return table((f"{repetitions} repetitions", "s", "times our synth of one service"), rows)
