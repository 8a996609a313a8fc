"""The three that plan: the simulator alone, the simulator with the real plugins behind it, and the real providers."""

import json
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from comparison.estate import Configuration
from comparison.plans import Leaves, leaves
from simulator import SimulatedProviders
from simulator.identity_endpoint import azurerm_without_access
from simulator.real_provider import NO_NETWORK
from terraform_cli.call import terraform

ALONE, FORWARDED, REAL = "simulator alone", "forwarded", "real"
Sides = Mapping[str, Mapping[str, str]]


@contextmanager
def three_sides(world: Path, plugins: Path, terraform_config: Path) -> Iterator[Sides]:
    """Gives the variables under which Terraform plans with each of them.

    Args:
        world: The simulated world that the data sources are read from.
        plugins: The folder of the real plugins, laid out as in `.terraform/providers`.
        terraform_config: A file to write: it leads Terraform to those plugins and to no registry.
    """
    mirror = f'filesystem_mirror {{\n    path = "{plugins}"\n  }}'
    terraform_config.write_text(f"provider_installation {{\n  {mirror}\n}}\n")
    with ExitStack() as stack:
        alone = stack.enter_context(SimulatedProviders(world))
        forwarded = stack.enter_context(SimulatedProviders(world, [plugins]))
        real = {"TF_CLI_CONFIG_FILE": str(terraform_config)} | _without_access()
        yield {ALONE: alone.environment, FORWARDED: forwarded.environment, REAL: real}


def _without_access() -> dict[str, str]:
    """Variables under which the real providers plan as nobody, and reach nobody."""
    azurerm = {name: value for name, value in azurerm_without_access().items() if value is not None}
    return {
        **NO_NETWORK,
        "GOOGLE_OAUTH_ACCESS_TOKEN": "fake",
        **{f"ARM_{name.upper()}": str(value).lower() for name, value in azurerm.items()},
    }


class StackPlans:
    """Plans one stack with every side.

    Args:
        folder: Where to work.
        state: The deployed stack's state.
        content: Its configuration.
        sides: Who plans.
    """

    def __init__(self, folder: Path, state: Path, content: Configuration, sides: Sides) -> None:
        self._folder = folder
        self._state = state
        self._sides = dict(sides)
        simulated = json.loads(sides[ALONE]["TF_REATTACH_PROVIDERS"])
        # Real Helm plans a release by its chart, which it fetches from where others keep it. What a service asks of its
        # cloud, only a world can answer. Both are simulated on all sides.
        everywhere = {
            name: one
            for name, one in simulated.items()
            if name.endswith("/helm") or ("data" in content and not name.endswith("/kubernetes"))
        }
        self._sides[REAL] = {**sides[REAL], "TF_REATTACH_PROVIDERS": json.dumps(everywhere)}
        for side, variables in self._sides.items():
            (folder / side).mkdir(parents=True)
            self._write(content, side)
            terraform(folder / side, variables, "init", "-input=false")

    def plan(self, content: Configuration, *, deployed: bool) -> dict[str, Leaves]:
        """The leaves of every side's plan, by the side; of a stack that is deployed already, or is new."""
        with ThreadPoolExecutor() as pool:
            plans = pool.map(lambda side: self._plan(content, side, deployed=deployed), self._sides)
            return dict(zip(self._sides, plans, strict=True))

    def _plan(self, content: Configuration, side: str, *, deployed: bool) -> Leaves:
        folder, variables = self._folder / side, self._sides[side]
        self._write(content, side)
        (folder / "terraform.tfstate").unlink(missing_ok=True)
        if deployed:
            shutil.copy(self._state, folder / "terraform.tfstate")
        terraform(folder, variables, "plan", "-input=false", "-refresh=false", "-out=tfplan")
        return leaves(json.loads(terraform(folder, variables, "show", "-json", "tfplan")))

    def _write(self, content: Configuration, side: str) -> None:
        local = content | {"terraform": content["terraform"] | {"backend": {"local": {}}}}
        (self._folder / side / "cdk.tf.json").write_text(json.dumps(local))
