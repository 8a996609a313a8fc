"""The picture of docs/architecture.md: which package imports which."""

import json
import subprocess
import sys
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath

from documentation.graph import Graph, flowchart
from stacks.paths import ROOT

_LIBRARY = "constructs/modelyard"


def package_picture() -> str:
    """A Mermaid flowchart, in which arrows lead to what is imported; what follows from others is left out."""
    graph = package_graph()
    # Nobody imports in a circle: this raises otherwise.
    TopologicalSorter(graph).prepare()
    return flowchart(graph, {package: f"{package}/" for package in graph}, direction="TB", below_first=False)


def package_graph() -> Graph:
    """What each package of the repo imports, of the repo's others; tests and programs of images left out."""
    ruff = Path(sys.executable).with_name("ruff")
    done = subprocess.run(
        [ruff, "analyze", "graph", "--quiet", "."], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    graph: dict[str, set[str]] = defaultdict(set)
    for file, imported in json.loads(done.stdout).items():
        if (package := _package(file)) is not None:
            graph[package] |= {other for each in imported if (other := _package(each)) not in (None, package)}
    return {package: frozenset(each for each in below if each in graph) for package, below in graph.items()}


def _package(file: str) -> str | None:
    """The package of a module, by the folder that it is in; None for one that is no part of the picture."""
    parts = PurePosixPath(file).parts
    if file.startswith(_LIBRARY):
        return _LIBRARY
    # A service's own programs know nothing of the repo; their modules' names may be those of packages here.
    if parts[0] in ("tests", "constructs") or len(parts) == 1 or (parts[0] == "services" and len(parts) > 3):
        return None
    return parts[0]
