"""Graphs of what stands on what, as Mermaid flowcharts."""

import re
from collections.abc import Mapping

Graph = Mapping[str, frozenset[str]]


def reachable(graph: Graph, start: str) -> set[str]:
    """All that stands below a node, directly or not."""
    found: set[str] = set()
    left = list(graph[start])
    while left:
        node = left.pop()
        if node not in found:
            found.add(node)
            left += graph[node]
    return found


def direct(graph: Graph) -> dict[str, frozenset[str]]:
    """The same without what follows from other edges; the graph has no cycle."""
    return {
        node: frozenset(each for each in below if not any(each in reachable(graph, other) for other in below - {each}))
        for node, below in graph.items()
    }


def flowchart(graph: Graph, labels: Mapping[str, str], *, direction: str, below_first: bool) -> str:
    """The graph in a fenced block; arrows lead from what is below, or to it."""
    lines = [f"flowchart {direction}"]
    lines += [f'    {_id(node)}["{labels[node]}"]' for node in sorted(graph)]
    for node, below in sorted(direct(graph).items()):
        edges = [(each, node) if below_first else (node, each) for each in sorted(below)]
        lines += [f"    {_id(start)} --> {_id(end)}" for start, end in edges]
    return "\n".join(["```mermaid", *lines, "```"])


def _id(node: str) -> str:
    # `end` and the like are words of Mermaid.
    return "n_" + re.sub(r"\W", "_", node)
