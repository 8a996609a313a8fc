"""The stacks of one environment at one revision, as they were synthesised."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

Configuration = dict[str, Any]


@dataclass(frozen=True)
class Stack:
    """One stack.

    Attributes:
        id: With the environment in it: `gke-dev-cluster`.
        folder: Holds `cdk.tf.json` and the assets.
        upstream: Ids of the stacks that are deployed before it.
    """

    id: str
    folder: Path
    upstream: frozenset[str]

    @cached_property
    def configuration(self) -> Configuration:
        """The content of `cdk.tf.json`."""
        content: Configuration = json.loads((self.folder / "cdk.tf.json").read_text())
        return content

    @cached_property
    def deployed(self) -> Configuration:
        """What of it decides what is deployed: not where the state is, nor CDKTF's notes on constructs."""
        return without_what_moves(self.configuration)

    @property
    def backend(self) -> Configuration:
        """Where the state is: the block `backend`."""
        found: Configuration = self.configuration["terraform"].get("backend", {})
        return found

    @property
    def required_providers(self) -> Configuration:
        """Which providers Terraform has to have for it."""
        found: Configuration = self.configuration["terraform"]["required_providers"]
        return found

    @cached_property
    def resources(self) -> dict[str, Configuration]:
        """The managed resources' blocks by address."""
        tables: dict[str, dict[str, Configuration]] = self.configuration.get("resource", {})
        return {f"{kind}.{name}": block for kind, table in tables.items() for name, block in table.items()}

    def construct_path(self, address: str) -> str:
        """Where in the code's tree of constructs a resource is made; empty for one that is not of this stack."""
        block = self.resources.get(address.partition("[")[0], {})
        return str(block.get("//", {}).get("metadata", {}).get("path", ""))


Estate = dict[str, Stack]


def read(output: Path) -> Estate:
    """The stacks that CDKTF wrote into a folder, by id."""
    manifest = json.loads((output / "manifest.json").read_text())["stacks"]
    return {
        id_: Stack(id_, output / entry["workingDirectory"], frozenset(entry["dependencies"]))
        for id_, entry in manifest.items()
    }


def without_what_moves(configuration: Mapping[str, Any]) -> Configuration:
    """A copy of a `cdk.tf.json` without where its state is and CDKTF's notes on constructs."""
    content: Configuration = _without_notes(configuration)
    content.get("terraform", {}).pop("backend", None)
    return content


def _without_notes(content: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    if isinstance(content, dict):
        return {key: _without_notes(value) for key, value in content.items() if key != "//"}
    if isinstance(content, list):
        return [_without_notes(each) for each in content]
    return content


def upstream(estate: Mapping[str, Stack], wanted: Iterable[str]) -> set[str]:
    """What must be deployed for some stacks, directly or not; without those that the estate has not."""
    found: set[str] = set()
    left = [id_ for id_ in wanted if id_ in estate]
    while left:
        new = {each for each in estate[left.pop()].upstream if each in estate} - found
        found |= new
        left += new
    return found


def downstream(estate: Mapping[str, Stack], origin: str) -> set[str]:
    """What is deployed on top of a stack, directly or not."""
    above = defaultdict(set)
    for stack in estate.values():
        for below in stack.upstream:
            above[below].add(stack.id)
    found: set[str] = set()
    left = [origin]
    while left:
        new = above[left.pop()] - found
        found |= new
        left += new
    return found
