"""What is deployed, by the states of an environment's stacks."""

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, Literal

from modelyard.errors import ConfigurationError

from pydantic import BaseModel, ConfigDict, ValidationError

from estate.stacks import Estate, Stack
from estate.torn_state import local_file, mend
from terraform_cli.call import TerraformError, terraform

# How the backends gcs, azurerm and kubernetes say that there is no store, once it is destroyed or was never made.
_NO_STORE = re.compile(
    r"bucket doesn't exist|bucket does not exist|ContainerNotFound|container does not exist|ResourceNotFound"
    r"|ResourceGroupNotFound|no such host|was not found",
)


class _Instance(BaseModel):
    attributes: dict[str, Any] | None = None
    index_key: int | str | None = None


class _Resource(BaseModel):
    mode: str
    type: str
    name: str
    instances: list[_Instance]


class _Document(BaseModel):
    """What of a state is relied on here; Terraform's own form has more."""

    model_config = ConfigDict(strict=True)

    version: Literal[4]
    serial: int
    lineage: str
    resources: list[_Resource] | None = None


@dataclass(frozen=True)
class Instance:
    """One resource in a state.

    Attributes:
        address: For example `google_container_cluster.gke_1234`.
        type: For example `google_container_cluster`.
        attributes: As Terraform keeps them.
    """

    address: str
    type: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class State:
    """The state of one stack.

    Attributes:
        stack: Whose it is.
        content: All of it; empty where there is none.
    """

    stack: Stack
    content: Mapping[str, Any]

    def managed(self) -> Iterator[Instance]:
        """What Terraform manages of it."""
        for resource in self.content.get("resources") or []:
            if resource["mode"] != "managed":
                continue
            for instance in resource["instances"]:
                key = instance.get("index_key")
                index = "" if key is None else f"[{json.dumps(key)}]"
                yield Instance(
                    f"{resource['type']}.{resource['name']}{index}", resource["type"], instance.get("attributes") or {}
                )

    @property
    def count(self) -> int:
        """How many resources it holds."""
        return sum(1 for _ in self.managed())


States = dict[str, State]


def deployed(estate: Estate, variables: Mapping[str, str], cut_off: Collection[str] = ()) -> States:
    """The states that hold anything, by the stacks' ids in order of deployment.

    Args:
        estate: The stacks.
        variables: What Terraform is run with, beyond this process's environment.
        cut_off: The stacks on which a run is known to have been killed.

    Raises:
        ConfigurationError: A state is no state.
        TerraformError: One cannot be read.
    """
    graph = {id_: sorted(stack.upstream & estate.keys()) for id_, stack in sorted(estate.items())}
    ordered = [estate[id_] for id_ in TopologicalSorter(graph).static_order()]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        states = pool.map(lambda stack: _read(stack, variables, was_cut_off=stack.id in cut_off), ordered)
        return {state.stack.id: state for state in states if state.count}


def _read(stack: Stack, variables: Mapping[str, str], *, was_cut_off: bool) -> State:
    if local := local_file(stack):
        mend(stack, was_cut_off=was_cut_off)
        text = local.read_text() if local.is_file() else ""
    else:
        try:
            terraform(stack.folder, variables, "init", "-input=false", "-reconfigure")
            text = terraform(stack.folder, variables, "state", "pull")
        except TerraformError as error:
            if not _NO_STORE.search(error.said):
                raise
            text = ""
    return State(stack, parsed(text, where=str(local or f"the state of {stack.id}")))


def parsed(text: str, *, where: str) -> Mapping[str, Any]:
    """A state from its text; empty for an empty one.

    Raises:
        ConfigurationError: It is no state of Terraform.
    """
    if not text.strip():
        return {}
    try:
        _Document.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            f"is no state of Terraform, or of a version that is not known here: {f'{place}: ' if place else ''}"
            f"{first['msg']}",
            mend="bring back an older version: docs/state.md, An older version",
            where=where,
        ) from None
    content = json.loads(text)
    return dict(content)
