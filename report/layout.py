"""Where the stacks stand in the graph: in columns by what they need, many alike together in a box."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from report.model import Kind, StackFacts

#: A node's width and height, and the space between nodes and between columns; in CSS pixels.
NODE = (164, 54)
GAP = 14
COLUMN_GAP = 34
MARGIN = 8
# More stacks of one kind that need the same are one box with one line for each need.
_MOST_ALONE = 6
# How many times as many rows as columns a box has: a page has more room downwards.
_TALL = 4
_LABEL = 30
# Columns stand in the middle of each other, but not where nobody sees them beside a very long one.
_FARTHEST_DOWN = 160
_PADDING = 14
_SWEEPS = 4


@dataclass(frozen=True)
class Node:
    """A stack at its place; the coordinates are of its upper left corner."""

    stack: StackFacts
    x: float
    y: float


@dataclass(frozen=True)
class Box:
    """Many stacks alike.

    Attributes:
        label: What they are.
        x: Of the upper left corner.
        y: The same.
        width: With its padding.
        height: The same, with the label.
    """

    label: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Edge:
    """A line from what is needed to what needs it.

    Attributes:
        sources: Ids of the stacks at its beginning, one or those of a box.
        targets: The same at its end.
        path: As SVG has it.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    path: str


@dataclass(frozen=True)
class Layout:
    """The graph; width and height are in CSS pixels."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class _Item:
    """What has one place in a column: a stack, or a box of them."""

    stacks: tuple[StackFacts, ...]

    @property
    def key(self) -> str:
        return self.stacks[0].id

    @property
    def is_box(self) -> bool:
        return len(self.stacks) > 1

    @property
    def grid(self) -> tuple[int, int]:
        """Columns and rows."""
        columns = math.ceil(math.sqrt(len(self.stacks) / _TALL)) if self.is_box else 1
        return columns, math.ceil(len(self.stacks) / columns)

    @property
    def width(self) -> float:
        columns, _ = self.grid
        inner = columns * NODE[0] + (columns - 1) * GAP
        return inner + 2 * _PADDING if self.is_box else inner

    @property
    def height(self) -> float:
        _, rows = self.grid
        inner = rows * NODE[1] + (rows - 1) * GAP
        return inner + _LABEL + _PADDING if self.is_box else inner

    @property
    def door(self) -> float:
        """How far down lines end: in the middle, at a box's label."""
        return _LABEL / 2 if self.is_box else self.height / 2


def layout(stacks: Sequence[StackFacts]) -> Layout:
    """Places the stacks; those that need nothing stand on the left.

    Args:
        stacks: In order of deployment: each after all that it needs.
    """
    columns = _columns(stacks)
    items = {stack.id: item for column in columns for item in column for stack in item.stacks}
    needs = {
        item.key: sorted({items[id_].key for id_ in item.stacks[0].needs if id_ in items})
        for column in columns
        for item in column
    }
    _order(columns, needs)
    places, width, height = _places(columns)
    nodes, boxes = [], []
    for item in itertools.chain.from_iterable(columns):
        x, y = places[item.key]
        nodes += _nodes(item, x, y)
        if item.is_box:
            label = f"{len(item.stacks)} {item.stacks[0].kind}s that need the same"
            boxes.append(Box(label, x, y, item.width, item.height))
    edges = [_edge(items[below], item, places) for column in columns for item in column for below in needs[item.key]]
    return Layout(width, height, tuple(nodes), tuple(boxes), tuple(edges))


def _columns(stacks: Sequence[StackFacts]) -> list[list[_Item]]:
    """The longest way to a stack that needs nothing is the column."""
    depth = _depths(stacks, services_from=0)
    below = [depth[stack.id] for stack in stacks if stack.kind is not Kind.SERVICE]
    # Services stand beyond all else: else the lines to others would cross those that need little.
    depth = _depths(stacks, services_from=1 + max(below, default=-1))
    alike: dict[tuple[int, Kind, tuple[str, ...]], list[StackFacts]] = defaultdict(list)
    for stack in stacks:
        alike[depth[stack.id], stack.kind, stack.needs].append(stack)
    columns: list[list[_Item]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for (column, _, _), found in alike.items():
        if len(found) > _MOST_ALONE:
            columns[column].append(_Item(tuple(sorted(found, key=lambda stack: stack.id))))
        else:
            columns[column] += [_Item((stack,)) for stack in found]
    return [column for column in columns if column]


def _depths(stacks: Sequence[StackFacts], *, services_from: int) -> dict[str, int]:
    depth: dict[str, int] = {}
    for stack in stacks:
        least = services_from if stack.kind is Kind.SERVICE else 0
        depth[stack.id] = max([least, *(depth[id_] + 1 for id_ in stack.needs if id_ in depth)])
    return depth


def _order(columns: list[list[_Item]], needs: Mapping[str, Sequence[str]]) -> None:
    """Sorts each column so that lines cross seldom: by the mean place of the neighbours, there and back again.

    Source: the barycentre heuristic of Sugiyama, Tagawa and Toda, 1981.
    """
    needed_by: dict[str, list[str]] = defaultdict(list)
    for key, below in needs.items():
        for each in below:
            needed_by[each].append(key)
    for column in columns:
        column.sort(key=lambda item: item.key)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        neighbours = needs if forward else needed_by
        for column in columns if forward else reversed(columns):
            place = {item.key: row / max(len(each) - 1, 1) for each in columns for row, item in enumerate(each)}
            means = {item.key: _mean(place, neighbours.get(item.key, ()), place[item.key]) for item in column}
            # Boxes below, where they hide no single one.
            column.sort(key=lambda item, means=means: (item.is_box, means[item.key], item.key))  # type: ignore[misc]  # bound


def _mean(place: Mapping[str, float], keys: Iterable[str], otherwise: float) -> float:
    found = [place[key] for key in keys]
    return fmean(found) if found else otherwise


def _places(columns: list[list[_Item]]) -> tuple[dict[str, tuple[float, float]], float, float]:
    """The upper left corner of each item, and width and height of all."""
    heights = [sum(item.height for item in column) + GAP * (len(column) - 1) for column in columns]
    height = max(heights, default=0)
    places: dict[str, tuple[float, float]] = {}
    x: float = MARGIN
    for column, own in zip(columns, heights, strict=True):
        y = MARGIN + min((height - own) / 2, _FARTHEST_DOWN)
        for item in column:
            places[item.key] = x, y
            y += item.height + GAP
        x += max(item.width for item in column) + COLUMN_GAP
    return places, max(x - COLUMN_GAP, 0) + MARGIN, height + 2 * MARGIN


def _nodes(item: _Item, x: float, y: float) -> list[Node]:
    if not item.is_box:
        return [Node(item.stacks[0], x, y)]
    _, rows = item.grid
    step_x, step_y = NODE[0] + GAP, NODE[1] + GAP
    return [
        Node(stack, x + _PADDING + number // rows * step_x, y + _LABEL + number % rows * step_y)
        for number, stack in enumerate(item.stacks)
    ]


def _edge(below: _Item, item: _Item, places: Mapping[str, tuple[float, float]]) -> Edge:
    (x1, y1), (x2, y2) = places[below.key], places[item.key]
    x1, y1, y2 = x1 + below.width, y1 + below.door, y2 + item.door
    bend = COLUMN_GAP * 0.6
    path = f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"
    return Edge(tuple(each.id for each in below.stacks), tuple(each.id for each in item.stacks), path)
