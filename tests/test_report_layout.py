"""Where stacks stand in the graph: each beside what it needs, and none on another."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from report.layout import NODE, Layout, layout
from report.model import Kind, StackFacts


@st.composite
def estates(draw: st.DrawFn) -> list[StackFacts]:
    """Stacks in order of deployment, each on some of those before it."""
    count = draw(st.integers(0, 24))
    ids = [f"it-{number}" for number in range(count)]
    return [
        StackFacts(
            id_,
            id_,
            draw(st.sampled_from(list(Kind))),
            needs=tuple(draw(st.sets(st.sampled_from(ids[:number]), max_size=3))) if number else (),
        )
        for number, id_ in enumerate(ids)
    ]


def right_edge(graph: Layout, id_: str) -> float:
    """Of the node, or of the box that it is in."""
    node = next(each for each in graph.nodes if each.stack.id == id_)
    boxes = [
        box.x + box.width
        for box in graph.boxes
        if box.x <= node.x <= box.x + box.width and box.y <= node.y <= box.y + box.height
    ]
    return boxes[0] if boxes else node.x + NODE[0]


@settings(max_examples=40)
@given(estates())
def test_each_stands_to_the_right_of_what_it_needs(stacks: list[StackFacts]) -> None:
    graph = layout(stacks)

    assert sorted(node.stack.id for node in graph.nodes) == sorted(stack.id for stack in stacks)
    for node in graph.nodes:
        assert all(right_edge(graph, id_) < node.x for id_ in node.stack.needs)


@settings(max_examples=40)
@given(estates())
def test_none_stands_on_another_or_outside(stacks: list[StackFacts]) -> None:
    graph = layout(stacks)

    for one, other in itertools.combinations(graph.nodes, 2):
        assert abs(one.x - other.x) >= NODE[0] or abs(one.y - other.y) >= NODE[1]
    for node in graph.nodes:
        assert 0 <= node.x <= graph.width - NODE[0]
        assert 0 <= node.y <= graph.height - NODE[1]


@settings(max_examples=40)
@given(estates())
def test_each_need_is_a_line(stacks: list[StackFacts]) -> None:
    lines = {(below, above) for edge in layout(stacks).edges for below in edge.sources for above in edge.targets}

    assert {(below, stack.id) for stack in stacks for below in stack.needs} <= lines


def test_many_alike_are_a_box_with_one_line_for_each_need() -> None:
    below = [StackFacts("it-cluster", "cluster", Kind.FOUNDATION)]
    many = [StackFacts(f"it-{n}", f"{n}", Kind.SERVICE, needs=("it-cluster",)) for n in range(200)]
    few = [StackFacts(f"it-add-on-{n}", f"{n}", Kind.ADD_ON, needs=("it-cluster",)) for n in range(6)]

    graph = layout([*below, *many, *few])

    assert [box.label for box in graph.boxes] == ["200 services that need the same"]
    assert len(graph.edges) == 1 + len(few)


def test_lines_cross_no_more_than_they_must() -> None:
    add_ons = [StackFacts(f"it-{name}", name, Kind.ADD_ON) for name in "abc"]
    services = [
        StackFacts(f"it-{name}", name, Kind.SERVICE, needs=(f"it-{below}",))
        for name, below in zip("xyz", "cba", strict=True)
    ]

    graph = layout([*add_ons, *services])

    rows = {node.stack.name: node.y for node in graph.nodes}
    assert [rows[below] for below in "abc"] == [rows[above] for above in "zyx"]


def test_nothing_is_an_empty_graph() -> None:
    assert layout([]).nodes == ()
