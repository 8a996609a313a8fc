"""Real plans, small enough to be kept, and ways to change a copy of one as a wrong change of the code would."""

import copy
import functools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from policies.findings import Finding
from policies.own import own_findings
from policies.plan import StackPlan
from stacks.environments import load_settings
from stacks.settings import Settings

PLANS = Path(__file__).with_name("plans")
_HASH = re.compile(r"_[0-9A-F]{8}(?=/|$)")
STACKS = sorted(path.stem for path in PLANS.glob("*.json"))
Values = dict[str, Any]


@functools.cache
def _recorded(stack: str) -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads((PLANS / f"{stack}.json").read_text())
    return recorded


def environment_of(stack: str) -> str:
    """The environment whose stack it is."""
    return next(name for name in ("gke-dev", "aks-dev", "prod") if stack.startswith(f"{name}-"))


class Planned:
    """A copy of a recorded plan, to be changed."""

    def __init__(self, stack: str) -> None:
        recorded = copy.deepcopy(_recorded(stack))
        self.stack = stack
        self.plan: dict[str, Any] = recorded["plan"]
        self.configuration: dict[str, Any] | None = recorded["configuration"]

    @property
    def _resources(self) -> list[dict[str, Any]]:
        resources: list[dict[str, Any]] = self.plan["planned_values"]["root_module"]["resources"]
        return resources

    def values(self, start: str) -> Values:
        """Of the only resource whose address begins so."""
        (found,) = (each for each in self._resources if each["address"].startswith(start))
        values: Values = found["values"]
        return values

    def expressions(self, start: str) -> Values:
        """Of the only resource whose address begins so: what the configuration gives."""
        declared = self.plan["configuration"]["root_module"]["resources"]
        (found,) = (each for each in declared if each["address"].startswith(start))
        expressions: Values = found["expressions"]
        return expressions

    def remove(self, type_name: str) -> None:
        """Takes all resources of a type out of the plan."""
        self._resources[:] = [each for each in self._resources if each["type"] != type_name]

    def add(self, type_name: str, values: Values) -> None:
        """Plans one more resource, `<type>.added`."""
        added = {"address": f"{type_name}.added", "mode": "managed", "type": type_name, "name": "added"}
        self._resources.append(added | {"values": values})

    def change_manifest(self, kind: str, change: Callable[[Values], object]) -> None:
        """Changes the only object of a kind in the plan's Helm releases."""
        done = 0
        for release in (each for each in self._resources if each["type"] == "helm_release"):
            texts = release["values"]["values"]
            for number, text in enumerate(texts):
                content = json.loads(text or "{}")
                for key, manifest in content.get("manifests", {}).items():
                    if (changed := json.loads(manifest))["kind"] == kind:
                        change(changed)
                        content["manifests"][key] = json.dumps(changed)
                        done += 1
                texts[number] = json.dumps(content) if text else None
        assert done == 1

    def change_chart_values(self, start: str, change: Callable[[Values], object]) -> None:
        """Changes what a chart of others is given."""
        (text,) = self.values(start)["values"]
        content = json.loads(text)
        change(content)
        self.values(start)["values"] = [json.dumps(content)]

    def findings(self, settings: Settings | None = None) -> list[Finding]:
        """What the own checks find in it."""
        planned = StackPlan(self.plan, self.configuration)
        return own_findings(self.stack, planned, settings or load_settings(environment_of(self.stack)))[0]

    def found(self, settings: Settings | None = None) -> set[tuple[str, str]]:
        """Checks and places of the findings, places without the hashes of addresses."""
        return {(each.check, _HASH.sub("", each.place)) for each in self.findings(settings)}


def new_findings(stack: str, change: Callable[[Planned], object]) -> set[tuple[str, str]]:
    """What is found when a stack's plan is changed, and not as it is."""
    planned = Planned(stack)
    change(planned)
    return planned.found() - Planned(stack).found()
