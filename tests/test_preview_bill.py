import copy
import datetime
import json
from pathlib import Path

import pytest

from estate.stacks import Estate, Stack
from preview.bill import Bill, bill
from preview.live import preview
from preview.redaction import Redactor
from preview.sides import Sides
from stacks.environments import load_cloud_settings
from stacks.gke.settings import GkeSettings
from stacks.settings import Suspended
from tests.conftest import Stacks, Synthesise

RECORD = Suspended(on=datetime.date(2026, 11, 22), by="ada")


@pytest.fixture(scope="module")
def deployed(settings: GkeSettings, synthesise: Synthesise) -> Stacks:
    return synthesise(settings, only=("image_classifier",))


def _bill(
    settings: GkeSettings, folder: Path, base: Stacks, head: Stacks, *, cap: int | None = None, has_base: bool = True
) -> Bill:
    sides = Sides(
        _estate(folder / "base", base),
        _estate(folder / "head", head),
        folder,
        settings.model_copy(update={"monthly_cap_usd": cap}),
        settings,
    )
    found = bill(sides, has_base=has_base)
    assert found is not None
    return found


def _estate(folder: Path, stacks: Stacks) -> Estate:
    for id_, content in stacks.items():
        (folder / id_).mkdir(parents=True)
        (folder / id_ / "cdk.tf.json").write_text(json.dumps(content))
    return {id_: Stack(id_, folder / id_, frozenset()) for id_ in stacks}


def test_more_nodes_cost_more_at_most(settings: GkeSettings, deployed: Stacks, tmp_path: Path) -> None:
    head = copy.deepcopy(deployed)
    (pool,) = head["gke-dev-cluster"]["resource"]["google_container_node_pool"].values()
    pool["autoscaling"]["total_max_node_count"] *= 2

    found = _bill(settings, tmp_path, deployed, head, cap=250)

    assert list(found.change.stacks) == ["gke-dev-cluster"]
    assert found.change.monthly.low == 0
    assert found.change.monthly.high > 0
    assert found.is_above_cap is (found.after.monthly.high > 250)


def test_a_stack_that_is_left_behind_is_billed_as_before(
    settings: GkeSettings, deployed: Stacks, tmp_path: Path
) -> None:
    head = {id_: content for id_, content in deployed.items() if id_ != "gke-dev-image-classifier"}

    found = _bill(settings, tmp_path, deployed, head)

    assert found.change.stacks == {}
    assert not found.is_above_cap


def test_without_a_base_nothing_is_compared_and_the_cap_holds(
    settings: GkeSettings, deployed: Stacks, tmp_path: Path
) -> None:
    found = _bill(settings, tmp_path, {}, deployed, cap=1, has_base=False)

    assert found.change.stacks == {}
    assert found.is_above_cap


def test_a_cluster_that_is_put_to_sleep_on_aks_is_billed_less(synthesise: Synthesise, tmp_path: Path) -> None:
    settings = load_cloud_settings("aks-dev")
    asleep = settings.model_copy(update={"suspended": RECORD})
    base, head = (synthesise(each, only=("image_classifier",)) for each in (settings, asleep))

    found = bill(
        Sides(_estate(tmp_path / "base", base), _estate(tmp_path / "head", head), tmp_path, asleep, settings),
        has_base=True,
    )

    assert found is not None
    assert list(found.change.stacks) == ["aks-dev-cluster"]
    assert found.change.monthly.high < -150


def test_what_is_in_a_stopped_cluster_is_not_planned_and_counts_as_unchanged(
    synthesise: Synthesise, tmp_path: Path
) -> None:
    asleep = load_cloud_settings("aks-dev").model_copy(update={"suspended": RECORD})
    stacks = synthesise(asleep, only=("image_classifier",))
    inside = {id_: content for id_, content in stacks.items() if "kubernetes" in content["provider"]}
    sides = Sides({}, _estate(tmp_path / "head", inside), tmp_path, asleep)

    found = preview("aks-dev", sides, tmp_path, Redactor(), every_stack=True)

    assert inside
    assert (found.stacks, found.unchanged) == ([], len(inside))
    assert found.plans_by.endswith("without what is in the cluster, which is suspended")
