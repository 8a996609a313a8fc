"""Scenario files, what they are counted by, and what the matrix makes of them."""

import json
import random
import tomllib
from pathlib import Path
from typing import Any, get_args

from modelyard.errors import ConfigurationError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.cases import ACTIONS, FAULTS, Case, write_scenario
from faults.estate import ENVIRONMENTS, SERVICE, write_environments
from faults.inventory import Inventory, against_goal, against_nothing
from faults.random_cases import scenario
from simulator.callers import _is_cli
from simulator.fault_counts import FaultCounts, counts_file, struck
from simulator.faults import Action, load
from simulator.injection import merged
from simulator.world import World
from stacks.environments import load_cloud_settings
from tests.conftest import CLOUD_ENVIRONMENTS, Stacks, Synthesise

GOOD: dict[str, dict[str, Any]] = {
    "error": {"action": "create", "type": "google_storage_bucket", "what": "error"},
    "error kept": {"action": "update", "when": "after", "what": "error", "keeps_state": True, "summary": "no"},
    "hang": {"action": "read", "what": "hang", "seconds": 2.5},
    "hang for ever": {"action": "delete", "nth": 3, "times": "always", "what": "hang"},
    "late": {"action": "plan", "provider": "helm", "what": "late", "seconds": 1},
    "drop": {"action": "data", "type": "google_container_cluster", "what": "drop"},
    "kill": {"action": "configure", "what": "kill", "who": "cli"},
    "change": {"action": "plan", "what": "change", "thing": "google/*/b", "delete": True},
}


def written(folder: Path, *faults: dict[str, Any]) -> Path:
    file = folder / "scenario.toml"
    write_scenario(list(faults), file)
    return file


@pytest.mark.parametrize("fault", GOOD.values(), ids=GOOD)
def test_every_kind_of_fault_is_read(fault: dict[str, Any], tmp_path: Path) -> None:
    (read,) = load(written(tmp_path, fault)).faults

    assert read.model_dump(exclude_unset=True) == fault


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        ({"action": "destroy"}, "faults[1].action", "'create', 'read', 'update', 'delete'"),
        ({"what": "explode"}, "faults[1]", "'explode'"),
        ({"nth": 0}, "faults[1].nth", "greater than or equal to 1, not 0"),
        ({"nth": "first"}, "faults[1].nth", "integer, not 'first'"),
        ({"times": 0}, "faults[1]", "1 or more"),
        ({"type": "google_storage_buckt"}, "faults[1]", "no resource type google_storage_buckt is simulated"),
        ({"type": "aws_s3_bucket"}, "faults[1]", "no resource type aws_s3_bucket is simulated"),
        ({"provider": "azurerm"}, "faults[1]", "google_storage_bucket is not of provider azurerm"),
        ({"keeps_state": True}, "faults[1]", 'only with when = "after"'),
        ({"seconds": 3}, "faults[1].seconds", "not 3"),
        ({"what": "late"}, "faults[1].seconds", "required"),
        ({"what": "hang", "seconds": -1.0}, "faults[1].seconds", "greater than 0, not -1.0"),
        ({"what": "kill", "who": "me"}, "faults[1].who", "'terraform' or 'cli', not 'me'"),
        ({"what": "change", "thing": "x"}, "faults[1]", "either merge or delete"),
    ],
)
def test_what_is_wrong_is_refused_with_file_and_key(
    change: dict[str, Any], key: str, said: str, tmp_path: Path
) -> None:
    file = written(tmp_path, GOOD["hang"], GOOD["error"] | change)

    with pytest.raises(ConfigurationError) as refused:
        load(file)

    assert refused.value.where == str(file)
    assert f"{key}: " in refused.value.what
    assert said in refused.value.what


@pytest.mark.parametrize("content", ["[[faults]", "", "faults = 3", "fault = []", "faults = []", "\xff"])
def test_what_is_no_scenario_is_refused(content: str, tmp_path: Path) -> None:
    file = tmp_path / "scenario.toml"
    file.write_bytes(content.encode("latin-1"))

    with pytest.raises(ConfigurationError, match=r"scenario\.toml"):
        load(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        load(tmp_path / "scenario.toml")


ANYTHING = st.one_of(
    st.text(max_size=8),
    st.integers(-3, 5),
    st.booleans(),
    st.floats(allow_nan=False),
    st.lists(st.integers(), max_size=2),
)
KEYS = [*sorted({key for fault in GOOD.values() for key in fault}), "unknown"]


@given(base=st.sampled_from(sorted(GOOD)), changes=st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=3))
def test_no_malformed_fault_is_met_by_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, base: str, changes: dict[str, Any]
) -> None:
    file = written(tmp_path_factory.mktemp("scenario"), GOOD[base] | changes)
    given_ = tomllib.loads(file.read_text())["faults"][0]

    try:
        (read,) = load(file).faults
    except ConfigurationError as error:
        refused = error.what
    else:
        refused = ""
        assert read.model_dump(exclude_unset=True) == given_
    assert not refused or "faults[0]" in refused


@given(st.binary(max_size=60))
def test_no_bytes_are_met_by_a_traceback(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("scenario") / "scenario.toml"
    file.write_bytes(content)

    with pytest.raises(ConfigurationError):
        load(file)


def test_faults_strike_at_the_nth_operation_and_not_again_in_another_process(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        GOOD["error"] | {"nth": 2, "times": 2},
        {"action": "create", "provider": "helm", "times": "always", "what": "drop"},
    )
    world = World(tmp_path / "world")

    def due(count: int) -> list[int]:
        counts = FaultCounts(load(file), world)
        return [len(counts.due("google", "create", "google_storage_bucket")) for _ in range(count)]

    # Each call stands for a simulator that is started again.
    assert due(1) == [0]
    assert due(2) == [1, 1]
    assert due(2) == [0, 0]
    counts = FaultCounts(load(file), world)
    assert not counts.due("google", "delete", "google_storage_bucket")
    assert not counts.due("google", "create", "google_compute_network")
    assert len(counts.due("helm", "create", "helm_release")) == 1
    first, second = struck(world.folder)
    assert [line.partition(" ")[2] for line in first] == ["create google_storage_bucket"] * 2
    assert [line.partition(" ")[2] for line in second] == ["create helm_release"]

    written(tmp_path, GOOD["error"])
    assert len(FaultCounts(load(file), world).due("google", "create", "google_storage_bucket")) == 1
    assert len(json.loads(counts_file(world.folder).read_text())) == 1


@pytest.mark.parametrize(
    ("values", "patch", "after"),
    [
        ({"a": 1}, {"a": 2, "b": 3}, {"a": 2, "b": 3}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"metadata": [{"name": "x"}]}, {"metadata": {"uid": "y"}}, {"metadata": [{"name": "x", "uid": "y"}]}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": None}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_a_change_is_merged(values: dict[str, Any], patch: dict[str, Any], after: dict[str, Any]) -> None:
    assert merged(values, patch) == after


@pytest.mark.parametrize(
    ("command", "is_cli"),
    [
        (["/x/.venv/bin/python", "-m", "commands", "up", "gke-dev"], True),
        (["/x/.venv/bin/python3.11", "/x/.venv/bin/modelyard", "up"], True),
        (["node", "/x/node_modules/.bin/cdktf", "deploy"], True),
        (["node", "/x/server.js"], False),
        (["python", "-m", "pytest"], False),
        (["/bin/bash", "-c", "modelyard up"], False),
        ([], False),
    ],
)
def test_the_command_above_terraform_is_known_by_its_command_line(command: list[str], *, is_cli: bool) -> None:
    assert _is_cli(command) is is_cli


def test_every_case_and_every_random_scenario_is_a_scenario(tmp_path: Path) -> None:
    types = ("google_storage_bucket", "azurerm_resource_group", "kubernetes_service_v1", "helm_release")
    cases = [Case("gke", type_name, action, fault) for type_name in types for action in ACTIONS for fault in FAULTS]
    assert {fault.action for case in cases for fault in load(written(tmp_path, case.scenario())).faults} == set(ACTIONS)
    assert set(ACTIONS) < set(get_args(Action))

    for seed in range(50):
        for verb in ("up", "teardown"):
            source = random.Random(seed)  # noqa: S311 - no secret
            assert load(written(tmp_path, *scenario(verb, source))).faults


def types_of(stacks: Stacks) -> set[str]:
    return {type_name for stack in stacks.values() for type_name in stack.get("resource", {})}


@pytest.mark.parametrize("cloud", ENVIRONMENTS)
def test_the_small_environment_has_every_resource_type_of_its_cloud(
    cloud: str, synthesise: Synthesise, tmp_path: Path
) -> None:
    write_environments(tmp_path)
    small = load_cloud_settings(ENVIRONMENTS[cloud], tmp_path)
    every = [load_cloud_settings(name) for name in CLOUD_ENVIRONMENTS]
    with_workflows = [
        one.model_copy(update={"github": small.github}) for one in every if one.cloud == cloud and small.github
    ]

    wanted = set().union(*(types_of(synthesise(one)) for one in with_workflows))

    assert wanted
    assert wanted <= types_of(synthesise(small, only=(SERVICE,)))


GOAL = Inventory(
    things={("bucket", "b"): {"labels": {}}, ("service", "s"): {}},
    known={("one", "bucket.a"): "b", ("two", "service.s"): "s"},
)


def test_an_inventory_like_the_goal_has_no_findings() -> None:
    findings = against_goal(GOAL, GOAL)

    assert findings.is_clean
    assert not findings.changed


def test_what_is_lost_doubled_left_and_changed_is_told_apart() -> None:
    lost = against_goal(GOAL, Inventory({("service", "s"): {}}, {("two", "service.s"): "s"}))
    assert (lost.lost, lost.doubled, lost.left) == (("bucket b",), (), ())

    # It is there, and no state knows of it.
    left = against_goal(GOAL, Inventory(GOAL.things, {("two", "service.s"): "s"}))
    assert (left.lost, left.doubled, left.left) == ((), (), ("one: bucket.a",))

    doubled = against_goal(GOAL, Inventory(GOAL.things | {("bucket", "b2"): {}}, GOAL.known))
    assert (doubled.lost, doubled.doubled, doubled.left) == ((), ("bucket b2",), ())

    twice = against_goal(GOAL, Inventory(GOAL.things, GOAL.known | {("one", "bucket.a (deposed 1)"): "b"}))
    assert len(twice.doubled) == 1

    changed = against_goal(GOAL, Inventory(GOAL.things | {("bucket", "b"): {"labels": {"x": "y"}}}, GOAL.known))
    assert changed.is_clean
    assert changed.changed == ("bucket b",)

    assert len(against_nothing(GOAL).left) == 4
    assert against_nothing(Inventory({}, {})).is_clean
