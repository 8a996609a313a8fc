"""The three that plan: the simulator alone, the simulator with the real plugins behind it, and the real providers."""

import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from comparison.estate import Configuration
from comparison.plans import Leaves, leaves
from simulator import SimulatedProviders, reattachment
from simulator.identity_endpoint import azurerm_without_access
from simulator.plugin_binaries import forwarded_plugins
from simulator.real_provider import RealProvider
from terraform_cli.call import terraform

ALONE, FORWARDED, REAL = "simulator alone", "forwarded", "real"
Sides = Mapping[str, Mapping[str, str]]


@contextmanager
def three_sides(world: Path, plugins: Path, types: Collection[str]) -> Iterator[Sides]:
    """Gives the variables under which Terraform plans with each of them.

    Every provider is started once and serves all plans of its side, one after another.

    Args:
        world: The simulated world.
        plugins: The folder of the real plugins, laid out as in `.terraform/providers`.
        types: Resource types and data sources that the stacks use.
    """
    with ExitStack() as stack:
        alone = stack.enter_context(SimulatedProviders(world, types=types))
        forwarded = stack.enter_context(SimulatedProviders(world, [plugins], types=types))
        real = {
            name: stack.enter_context(RealProvider(binary, _without_access())).reattachment
            for name, binary in forwarded_plugins([plugins]).items()
        }
        # Real Helm plans a release by its chart, which it fetches from where others keep it: simulated on all sides.
        helm = json.loads(alone.environment["TF_REATTACH_PROVIDERS"])
        reattached = {"TF_REATTACH_PROVIDERS": json.dumps(helm | reattachment.by_source(real))}
        yield {ALONE: alone.environment, FORWARDED: forwarded.environment, REAL: reattached}


def _without_access() -> dict[str, str]:
    """Variables under which the real providers plan as nobody."""
    azurerm = {name: value for name, value in azurerm_without_access().items() if value is not None}
    return {
        "GOOGLE_OAUTH_ACCESS_TOKEN": "fake",
        **{f"ARM_{name.upper()}": str(value).lower() for name, value in azurerm.items()},
    }


class StackPlans:
    """Plans one stack with every side.

    Args:
        folder: Where to work.
        state: The deployed stack's state.
        sides: Who plans.
    """

    def __init__(self, folder: Path, state: Path, sides: Sides) -> None:
        self._folder = folder
        self._state = state
        self._sides = sides
        for side in sides:
            (folder / side).mkdir(parents=True)

    def plan(self, content: Configuration, *, deployed: bool) -> dict[str, Leaves]:
        """The leaves of every side's plan, by the side; of a stack that is deployed already, or is new."""
        with ThreadPoolExecutor() as pool:
            plans = pool.map(lambda side: self._plan(content, side, deployed=deployed), self._sides)
            return dict(zip(self._sides, plans, strict=True))

    def _plan(self, content: Configuration, side: str, *, deployed: bool) -> Leaves:
        folder = self._folder / side
        # Without a backend, and with providers that run already, there is nothing that `terraform init` would do.
        local = content | {"terraform": {name: one for name, one in content["terraform"].items() if name != "backend"}}
        (folder / "cdk.tf.json").write_text(json.dumps(local))
        (folder / "terraform.tfstate").unlink(missing_ok=True)
        if deployed:
            shutil.copy(self._state, folder / "terraform.tfstate")
        terraform(folder, self._sides[side], "plan", "-input=false", "-refresh=false", "-out=tfplan")
        # A plan is read by the providers' schemas. The recorded ones are the real ones, which are slow to ask for.
        return leaves(json.loads(terraform(folder, self._sides[ALONE], "show", "-json", "tfplan")))
