from typing import Any

from preview.changes import Action, Leaf, changes, drift, without_leaf
from preview.values import ABSENT, Mark
from tests.plans import Values, plan_of, resource_change


def _leaves(before: Values | None, after: Values | None, **more: Any) -> list[tuple[str, object, object]]:  # noqa: ANN401 - JSON of any shape
    (change,) = changes("s", plan_of(resource_change(before=before, after=after, **more)))
    return [(leaf.path, leaf.before, leaf.after) for leaf in change.leaves]


def test_what_does_not_change_is_no_change() -> None:
    plan = plan_of(
        resource_change(actions=("no-op",), before={"a": 1}, after={"a": 1}),
        {**resource_change(actions=("read",)), "mode": "data"},
    )

    assert changes("s", plan) == []


def test_a_value_that_differs() -> None:
    assert _leaves({"spec": [{"replicas": "1", "x": 1}]}, {"spec": [{"replicas": "2", "x": 1}]}) == [
        ("spec[0].replicas", "1", "2")
    ]


def test_what_forces_the_replacement_is_marked() -> None:
    entry = resource_change(
        actions=("delete", "create"),
        before={"location": "US", "labels": {"a": "1"}},
        after={"location": "EU", "labels": {"a": "2"}},
        replace_paths=[["location"]],
    )

    (change,) = changes("s", plan_of(entry))

    assert change.action is Action.REPLACE
    assert not change.creates_first
    assert change.leaves == (Leaf("labels.a", "1", "2"), Leaf("location", "US", "EU", replaces=True))


def test_the_new_one_may_be_there_first() -> None:
    (change,) = changes("s", plan_of(resource_change(actions=("create", "delete"), before={}, after={})))

    assert change.creates_first


def test_unknown_and_sensitive_values_are_told_from_others() -> None:
    leaves = _leaves(
        {"ip": "192.0.2.1", "password": "hunter2hunter2", "keys": ["one"]},
        {"password": "other-password", "keys": ["two"]},
        after_unknown={"ip": True},
        before_sensitive={"keys": [True]},
        after_sensitive={"keys": [True]},
    )

    assert leaves == [
        ("ip", "192.0.2.1", Mark.UNKNOWN),
        ("keys[0]", Mark.HIDDEN, Mark.HIDDEN),
        ("password", Mark.HIDDEN, Mark.HIDDEN),
    ]


def test_a_value_that_is_sensitive_as_a_whole_is_not_looked_into() -> None:
    assert _leaves({"data": {"a": "1"}}, {"data": {"a": "2"}}, before_sensitive={"data": True}) == [
        ("data", Mark.HIDDEN, Mark.HIDDEN)
    ]


def test_an_element_that_is_put_in_between_is_the_only_difference() -> None:
    one, two, three = ({"name": name, "port": 1} for name in ("a", "b", "c"))

    assert _leaves({"containers": [one, three]}, {"containers": [one, two, three]}) == [
        ("containers[b].name", ABSENT, "b"),
        ("containers[b].port", ABSENT, 1),
    ]


def test_json_in_a_text_is_looked_into() -> None:
    assert _leaves({"values": ['{"a": {"b": 1, "c": 2}}']}, {"values": ['{"a": {"b": 1, "c": 3}}']}) == [
        ("values[0]→a.c", 2, 3)
    ]


def test_values_of_a_container_s_variables_are_hidden() -> None:
    before = {"env": [{"name": "LEVEL", "value": "info"}, {"name": "B", "value": "1"}]}
    after = {"env": [{"name": "LEVEL", "value": "debug"}, {"name": "B", "value": "1"}]}

    assert _leaves(before, after) == [("env[LEVEL].value", Mark.HIDDEN, Mark.HIDDEN)]


def test_a_single_variable_is_hidden_too() -> None:
    assert _leaves({"env": [{"name": "A", "value": "x"}]}, {"env": [{"name": "A", "value": "y"}]}) == [
        ("env[0].value", Mark.HIDDEN, Mark.HIDDEN)
    ]


def test_the_argument_after_a_secret_s_flag_is_hidden() -> None:
    assert _leaves({"args": ["--password", "one", "--port", "1"]}, {"args": ["--password", "two", "--port", "2"]}) == [
        ("args[1]", Mark.HIDDEN, Mark.HIDDEN),
        ("args[3]", "1", "2"),
    ]


def test_secrets_in_a_text_that_will_be_another_are_hidden() -> None:
    values = '{"auth": {"password": "canary"}, "env": [{"name": "A", "value": "canary"}], "n": 1}'

    assert _leaves(
        {"values": values, "map": {"db_password": "canary", "a": "1"}}, {}, after_unknown={"values": True, "map": True}
    ) == [
        ("map", {"db_password": "(hidden)", "a": "1"}, Mark.UNKNOWN),
        (
            "values",
            '{"auth": {"password": "(hidden)"}, "env": [{"name": "A", "value": "(hidden)"}], "n": 1}',
            Mark.UNKNOWN,
        ),
    ]


def test_zero_and_false_that_an_update_fills_in_are_no_difference() -> None:
    assert _leaves({"a": None, "b": None, "c": ""}, {"a": 0, "b": False, "c": None, "d": 1}) == [("d", ABSENT, 1)]


def test_a_new_resource_shows_its_zeros() -> None:
    assert _leaves(None, {"a": 0, "b": None, "c": "x"}, actions=("create",)) == [("a", ABSENT, 0), ("c", ABSENT, "x")]


def test_moved_imported_and_forgotten_resources_are_changes() -> None:
    moved = {**resource_change(actions=("no-op",), before={}, after={}), "previous_address": "kubernetes_secret_v1.old"}
    imported = resource_change(actions=("no-op",), before={}, after={}, importing={"id": "there"})
    forgotten = resource_change(actions=("forget",), before={"a": 1}, after=None)

    found = changes("s", plan_of(moved, imported, forgotten))

    assert [(each.action, each.moved_from, each.imported) for each in found] == [
        (Action.NOTHING, "kubernetes_secret_v1.old", ""),
        (Action.NOTHING, "", "there"),
        (Action.FORGET, "", ""),
    ]


def test_a_provider_s_own_plan_is_told_from_the_simulator_s() -> None:
    plan = plan_of(
        resource_change("helm_release.a", before={}, after={}),
        resource_change("kubernetes_secret_v1.b", before={}, after={}),
    )

    assert [each.is_simulated for each in changes("s", plan, frozenset({"helm"}))] == [True, False]
    by_type = frozenset({"google", "kubernetes_secret_v1"})
    assert [each.is_simulated for each in changes("s", plan, by_type)] == [False, True]


def test_drift_is_what_differs_and_not_that_something_was_written() -> None:
    changed = resource_change(
        before={"data": {"a": "1"}, "metadata": [{"resource_version": "1"}]},
        after={"data": {"a": "2"}, "metadata": [{"resource_version": "2"}]},
    )
    written = resource_change(
        before={"metadata": [{"resource_version": "1"}]}, after={"metadata": [{"resource_version": "2"}]}
    )
    gone = resource_change(actions=("delete",), before={"a": 1}, after=None)

    found = drift("s", {"resource_drift": [changed, written, gone]})

    assert [[leaf.path for leaf in each.leaves] for each in found] == [["data.a"], ["a"]]


def test_without_a_leaf_what_else_differs_stays() -> None:
    def deployment(replicas: str, image: str) -> Values:
        return {"spec": [{"replicas": replicas}], "image": image}

    both = resource_change(before=deployment("1", "a"), after=deployment("0", "b"))
    only = resource_change(before=deployment("1", "a"), after=deployment("0", "a"))
    gone = resource_change(actions=("delete",), before=deployment("1", "a"), after=None)

    found = list(without_leaf(drift("s", {"resource_drift": [both, only, gone]}), "spec[0].replicas"))

    assert [[leaf.path for leaf in each.leaves] for each in found] == [["image"], ["image"]]
