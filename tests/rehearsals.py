"""A rehearsal under way: what `eval "$(modelyard rehearse ENV --shell)"` gives to a shell."""

import functools
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from estate.rehearsal import Rehearsal
from simulator.process import SimulatedProviders
from simulator.world import World
from tests.conftest import run_modelyard


@dataclass(frozen=True)
class Rehearsing:
    """An environment of a copied repo on simulated providers.

    Attributes:
        rehearsal: Its places.
        variables: Under which commands rehearse.
        modelyard: Runs `modelyard ARGUMENTS`.
    """

    rehearsal: Rehearsal
    variables: dict[str, str]
    modelyard: Callable[..., subprocess.CompletedProcess[str]]

    @property
    def world(self) -> World:
        return World(self.rehearsal.world)

    def left(self) -> list[tuple[str, str]]:
        return self.world.contents()

    def types(self) -> set[str]:
        return {type_name for type_name, _ in self.left()}


@contextmanager
def rehearsing(checkout: Path, environment: str) -> Iterator[Rehearsing]:
    """The simulated providers run as long as the block lasts."""
    rehearsal = Rehearsal(environment, checkout / ".rehearsal" / environment)
    rehearsal.states.mkdir(parents=True, exist_ok=True)
    with SimulatedProviders(rehearsal.world) as providers:
        variables = rehearsal.variables() | providers.environment
        yield Rehearsing(rehearsal, variables, functools.partial(run_modelyard, checkout, **variables))
