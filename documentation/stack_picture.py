"""The stacks of the development environments: what each is deployed after, and what is in it."""

import functools
import tempfile
from collections import Counter
from pathlib import Path

from documentation.graph import Graph, flowchart
from estate.stacks import Estate, read
from stacks.app import build_app
from stacks.environments import load_settings

_ENVIRONMENTS = ("gke-dev", "aks-dev")


def stack_picture() -> str:
    """A Mermaid flowchart for all of them."""
    graph = stack_graph()
    return flowchart(graph, {part: part for part in graph}, direction="LR", below_first=True)


def stack_graph() -> Graph:
    """What each stack is deployed after, by their ids without the environment.

    Raises:
        ValueError: The environments' stacks depend on each other in different ways: one picture cannot show both.
    """
    graphs = [
        {_part(id_, name): frozenset(_part(each, name) for each in stack.upstream) for id_, stack in estate.items()}
        for name, estate in _estates().items()
    ]
    if any(graph != graphs[0] for graph in graphs):
        raise ValueError(f"{' and '.join(_ENVIRONMENTS)} have different stacks: draw a picture for each")
    return graphs[0]


def stack_table() -> str:
    """What each stack has in each of them."""
    estates = _estates()
    first, *_ = estates.values()
    lines = [f"| stack | {' | '.join(f'`{name}`' for name in estates)} |", f"|---|{'---|' * len(estates)}"]
    for part in (_part(id_, next(iter(estates))) for id_ in first):
        kinds = [_kinds(estate[f"{name}-{part}"].resources) for name, estate in estates.items()]
        lines.append(f"| {part} | {' | '.join(kinds)} |")
    return "\n".join(lines)


@functools.cache
def _estates() -> dict[str, Estate]:
    return {name: _estate(name) for name in _ENVIRONMENTS}


def _estate(environment: str) -> Estate:
    with tempfile.TemporaryDirectory() as folder:
        build_app(load_settings(environment), outdir=folder).synth()
        estate = read(Path(folder))
        for stack in estate.values():
            stack.configuration  # noqa: B018 - read while the folder is there
    return estate


def _part(id_: str, environment: str) -> str:
    return id_.removeprefix(f"{environment}-")


def _kinds(resources: dict[str, dict[str, object]]) -> str:
    """The kinds of a stack's resources, and how many of each."""
    counts = Counter(address.partition(".")[0] for address in resources)
    return ", ".join(f"{kind}{f' ({count})' if count > 1 else ''}" for kind, count in sorted(counts.items()))
