"""An environment on simulated providers: its base is deployed, and the head planned against that."""

import json
import re
import shutil
import threading
from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from estate.in_order import in_order
from estate.stacks import Configuration, Estate, Stack
from preview.changes import Plan
from simulator.fallbacks import fallbacks
from simulator.process import SimulatedProviders
from simulator.world import World
from terraform_cli.call import terraform

# REGISTRY/PATH:TAG, wherever in a text: also in the values of a chart.
_IMAGE = re.compile(r"[a-z0-9.-]+(?::\d+)?/[a-z0-9._/-]+:[A-Za-z0-9_.-]+(?:@sha256:[0-9a-f]{64})?")


class Simulation:
    """A simulated world with the states of its stacks; use as a context manager.

    Args:
        folder: Where to work; made when missing.
        plugins: Folders of the real provider plugins, which then check and plan.
    """

    def __init__(self, folder: Path, plugins: Sequence[Path]) -> None:
        self._folder = folder
        self._world = World(folder / "world")
        (folder / "states").mkdir()
        self._providers = SimulatedProviders(folder / "world", plugins)
        self._initialised: dict[str, Configuration] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._providers.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._providers.__exit__(kind, error, trace)

    def deploy(self, estate: Estate, wanted: Collection[str]) -> None:
        """Makes stacks exist as an estate declares them.

        Raises:
            TerraformError: One cannot be deployed.
        """

        def apply(id_: str) -> None:
            folder = self._prepared(estate[id_])
            # What is made from nothing has nothing to be read again.
            self._terraform(folder, "apply", "-input=false", "-auto-approve", "-lock=false", "-refresh=false")

        in_order(estate, wanted, apply)

    def plan(self, stack: Stack) -> Plan:
        """What a deploy of the stack would do to what exists now.

        Raises:
            TerraformError: It cannot be planned.
        """
        folder = self._prepared(stack)
        self._terraform(folder, "plan", "-input=false", "-lock=false", "-out=tfplan")
        plan: Plan = json.loads(self._terraform(folder, "show", "-json", "tfplan"))
        return _with_imports(plan, stack.configuration)

    def apply_plan(self, stack: Stack) -> None:
        """Does what was planned last of the stack."""
        self._terraform(self._place(stack.id), "apply", "-input=false", "-lock=false", "tfplan")

    def fallbacks(self) -> dict[str, str]:
        """The provider by the resource type: for plans of those, its real plugin asked its cloud."""
        return fallbacks(self._world.folder)

    def _place(self, id_: str) -> Path:
        return self._folder / "stacks" / id_

    def _prepared(self, stack: Stack) -> Path:
        """The stack's folder, with the configuration in it and initialised; both sides of a preview share it."""
        folder, configuration = self._place(stack.id), stack.configuration
        shutil.copytree(stack.folder, folder, dirs_exist_ok=True)
        simulated = self._simulated(stack)
        (folder / "cdk.tf.json").write_text(json.dumps(simulated))
        self._images_exist(json.dumps(configuration))
        needed = stack.required_providers
        if self._initialised.get(stack.id) != needed:
            self._terraform(folder, "init", "-input=false", "-reconfigure")
            self._initialised[stack.id] = needed
        return folder

    def _simulated(self, stack: Stack) -> Configuration:
        """The configuration with its state here, and with nothing in the way of planning a destruction.

        Terraform plans nothing at all for a stack of which something must not be destroyed: `verdicts` says so instead.
        """
        state = {"local": {"path": str(self._folder / "states" / f"{stack.id}.tfstate")}}
        content = stack.configuration | {"terraform": stack.configuration["terraform"] | {"backend": state}}
        return {key: value for key, value in without_prevent_destroy(content).items() if key != "import"}

    def _images_exist(self, text: str) -> None:
        """Stands in for whoever builds and pushes: a preview asks what is deployed, not whether it was built."""
        with self._lock:
            known = set(self._world.built_images())
            if new := set(_IMAGE.findall(text)) - known:
                self._world.set_built_images([*known, *new])

    def _terraform(self, folder: Path, *arguments: str) -> str:
        return terraform(folder, self._providers.environment, *arguments)


def _with_imports(plan: Plan, configuration: Configuration) -> Plan:
    """The plan, in which what the stack imports is not created but taken over as it is declared.

    The simulated world has only what this repo declares: what is imported, and how it differs, only a cloud could tell.
    """
    ids = {each["to"]: each["id"] for each in configuration.get("import", [])}
    for entry in plan.get("resource_changes", []):
        change = entry["change"]
        if entry["address"] in ids and change["actions"] == ["create"]:
            change |= {"actions": ["no-op"], "before": change["after"], "importing": {"id": ids[entry["address"]]}}
            change["after_unknown"] = False
    return plan


def without_prevent_destroy(configuration: Configuration) -> Configuration:
    """The same configuration, in which Terraform may destroy whatever it plans to."""
    content: Configuration = json.loads(json.dumps(configuration))
    for table in content.get("resource", {}).values():
        for block in table.values():
            block.get("lifecycle", {}).pop("prevent_destroy", None)
    return content
