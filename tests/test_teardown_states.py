"""States as they are found, however broken: understood, or refused with where and what to do."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from modelyard.errors import ConfigurationError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estate.stacks import Stack
from estate.states import State, parsed
from estate.volumes import volumes_in
from teardown.lifting import held

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
CLAIM = {
    "metadata": [{"name": "notebook", "namespace": "iris", "annotations": None}],
    "spec": [{"resources": [{"requests": {"storage": "10Gi"}}]}],
}


def a_state() -> dict[str, Any]:
    claim = {
        "mode": "managed",
        "type": "kubernetes_persistent_volume_claim_v1",
        "name": "claim",
        "instances": [{"attributes": CLAIM}],
    }
    cluster = {
        "mode": "managed",
        "type": "google_container_cluster",
        "name": "gke",
        "instances": [{"attributes": {"deletion_protection": True}}],
    }
    return {"version": 4, "serial": 1, "lineage": "x", "resources": [claim, cluster]}


def looked_into(text: str, stack: Stack) -> int:
    """All that a teardown reads of a state before it touches anything."""
    state = State(stack, parsed(text, where="the state"))
    held({stack.id: state})
    return state.count + len(list(volumes_in(state.content, {})))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    folder = tmp_path_factory.mktemp("stack")
    cluster = {"google_container_cluster": {"gke": {"deletion_protection": False}}}
    (folder / "cdk.tf.json").write_text(json.dumps({"resource": cluster}))
    return Stack("gke-dev-cluster", folder, frozenset())


def test_a_state_is_read(stack: Stack) -> None:
    assert looked_into(json.dumps(a_state()), stack) == 3
    assert held({stack.id: State(stack, a_state())}) == {stack.id: ["google_container_cluster.gke"]}
    assert looked_into("\n", stack) == 0


@given(text=st.text(max_size=50))
def test_any_text_is_empty_or_refused(stack: Stack, text: str) -> None:
    refused_or_read(text, stack)


@given(content=JSON)
def test_any_json_is_refused_or_read(stack: Stack, content: object) -> None:
    refused_or_read(json.dumps(content), stack)


@given(data=st.data())
def test_a_state_with_anything_in_any_place_is_refused_or_read(stack: Stack, data: st.DataObject) -> None:
    state = json.loads(json.dumps(a_state()))
    place = data.draw(st.sampled_from(list(places(state))))
    target = state
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = data.draw(JSON)
    refused_or_read(json.dumps(state), stack)


@given(cut=st.integers(0, 300))
def test_a_torn_state_is_refused(stack: Stack, cut: int) -> None:
    text = json.dumps(a_state())
    with pytest.raises(ConfigurationError, match=r"docs/state\.md"):
        looked_into(text[: -1 - cut % (len(text) - 1)], stack)


def refused_or_read(text: str, stack: Stack) -> None:
    with suppress(ConfigurationError):
        looked_into(text, stack)


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    steps = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
    for step, inner in steps.items():
        yield from places(inner, (*path, step))
