import pytest

from preview.changes import changes
from preview.exposure import is_everybody, openings
from preview.renames import renames
from preview.safeguards import lifted
from preview.verdicts import Danger, findings, unprotected, workloads_gone
from tests.plans import Values, plan_of, resource_change


def _dangers(address: str, *, actions: tuple[str, ...], before: Values | None, after: Values | None) -> list[Danger]:
    (change,) = changes("s", plan_of(resource_change(address, actions=actions, before=before, after=after)))
    return [each.danger for each in findings(change, {})]


@pytest.mark.parametrize(
    ("address", "actions", "dangers"),
    [
        ("google_storage_bucket.b", ("delete", "create"), [Danger.DATA_LOSS]),
        ("google_storage_bucket.b", ("delete",), [Danger.DATA_LOSS]),
        ("kubernetes_persistent_volume_claim_v1.c", ("delete",), [Danger.DATA_LOSS]),
        ("kubernetes_namespace_v1.n", ("create", "delete"), [Danger.DATA_LOSS]),
        ("kubernetes_deployment_v1.d", ("delete", "create"), [Danger.REPLACE]),
        ("kubernetes_deployment_v1.d", ("delete",), [Danger.DESTROY]),
        ("kubernetes_network_policy_v1.p", ("delete",), [Danger.DESTROY, Danger.UNPROTECTED]),
        ("kubernetes_deployment_v1.d", ("forget",), [Danger.LEFT_BEHIND]),
    ],
)
def test_what_goes(address: str, actions: tuple[str, ...], dangers: list[Danger]) -> None:
    after = None if "create" not in actions else {"a": 2}

    assert _dangers(address, actions=actions, before={"a": 1}, after=after) == dangers


def test_what_only_comes_or_changes_in_place_is_not_dangerous() -> None:
    address = "google_storage_bucket.b"

    assert _dangers(address, actions=("create",), before=None, after={"a": 1}) == []
    assert _dangers(address, actions=("update",), before={"a": 1}, after={"a": 2}) == []


def test_a_protected_resource_is_refused() -> None:
    entry = resource_change("google_storage_bucket.b", actions=("delete", "create"), before={}, after={})
    (change,) = changes("s", plan_of(entry))

    assert [each.danger for each in findings(change, {"lifecycle": {"prevent_destroy": True}})] == [
        Danger.DATA_LOSS,
        Danger.REFUSED,
    ]


def test_a_cluster_s_deletion_protection_refuses_in_the_middle() -> None:
    found = _dangers(
        "google_container_cluster.c",
        actions=("delete", "create"),
        before={"deletion_protection": True},
        after={"deletion_protection": True},
    )

    assert found == [Danger.DATA_LOSS, Danger.REFUSED]


def test_prevent_destroy_that_is_taken_off_is_found_without_a_plan() -> None:
    kept, free = {"lifecycle": {"prevent_destroy": True}}, {"lifecycle": {"prevent_destroy": False}}

    found = unprotected("s", {"a.kept": kept, "a.freed": kept, "a.gone": kept}, {"a.kept": kept, "a.freed": free})

    assert [each.address for each in found] == ["a.freed"]


@pytest.mark.parametrize(
    ("before", "after", "dangers"),
    [
        ({"replicas": "2"}, {"replicas": "0"}, [Danger.INTERRUPTION]),
        ({"replicas": "2"}, {"replicas": "1"}, []),
        (
            {"template": [{"x": 1}], "strategy": [{"type": "Recreate"}]},
            {"template": [{"x": 2}], "strategy": [{"type": "Recreate"}]},
            [Danger.INTERRUPTION],
        ),
        ({"template": [{"x": 1}]}, {"template": [{"x": 2}]}, []),
    ],
)
def test_pods_that_stop(before: Values, after: Values, dangers: list[Danger]) -> None:
    address = "kubernetes_deployment_v1.d"

    assert _dangers(address, actions=("update",), before={"spec": [before]}, after={"spec": [after]}) == dangers


@pytest.mark.parametrize(
    ("network", "everybody"),
    [
        ("0.0.0.0/0", True),
        ("::/0", True),
        ("Internet", True),
        ("10.0.0.0/8", False),
        ("0.0.0.0/1", False),
        ("x", False),
    ],
)
def test_everybody(network: str, everybody: bool) -> None:
    assert is_everybody(network) is everybody


_WORLD, _OFFICE = ["0.0.0.0/0"], ["203.0.113.0/24"]


def _service(ranges: list[str] | None, annotations: dict[str, str] | None = None) -> Values:
    spec = {"type": "LoadBalancer", "load_balancer_source_ranges": ranges}
    return {"metadata": [{"annotations": annotations}], "spec": [spec]}


@pytest.mark.parametrize(
    ("type_name", "closed", "opened"),
    [
        ("kubernetes_service_v1", _service(_OFFICE), _service(_WORLD)),
        ("kubernetes_service_v1", _service(_OFFICE), _service([])),
        (
            "kubernetes_service_v1",
            _service(None, {"networking.gke.io/load-balancer-type": "Internal"}),
            _service(None),
        ),
        ("google_storage_bucket", {"public_access_prevention": "enforced"}, {"public_access_prevention": "inherited"}),
        (
            "google_storage_bucket_iam_member",
            {"member": "user:a@b.c", "role": "r"},
            {"member": "allUsers", "role": "r"},
        ),
        (
            "google_container_cluster",
            {"master_authorized_networks_config": [{"cidr_blocks": [{"cidr_block": "203.0.113.0/24"}]}]},
            {"master_authorized_networks_config": [{"cidr_blocks": [{"cidr_block": "0.0.0.0/0"}]}]},
        ),
        (
            "google_container_cluster",
            {"private_cluster_config": [{"enable_private_nodes": True}]},
            {"private_cluster_config": [{"enable_private_nodes": False}]},
        ),
        (
            "google_compute_firewall",
            {"allow": [{"protocol": "tcp"}], "source_ranges": _OFFICE},
            {"allow": [{"protocol": "tcp"}], "source_ranges": _WORLD},
        ),
        ("azurerm_storage_account", {"shared_access_key_enabled": False}, {"shared_access_key_enabled": True}),
        ("azurerm_storage_container", {"container_access_type": "private"}, {"container_access_type": "blob"}),
        (
            "azurerm_kubernetes_cluster",
            {"api_server_access_profile": [{"authorized_ip_ranges": _OFFICE}]},
            {"api_server_access_profile": [{"authorized_ip_ranges": []}]},
        ),
        ("azurerm_container_registry", {"admin_enabled": False}, {"admin_enabled": True}),
        (
            "helm_release",
            {"values": ['{"service": {"type": "LoadBalancer", "loadBalancerSourceRanges": ["203.0.113.0/24"]}}']},
            {"values": ['{"service": {"type": "LoadBalancer", "loadBalancerSourceRanges": ["0.0.0.0/0"]}}']},
        ),
        (
            "helm_release",
            {"values": ['{"manifests": ["{\\"spec\\": {\\"type\\": \\"ClusterIP\\"}}"]}']},
            {"values": ['{"manifests": ["{\\"spec\\": {\\"type\\": \\"LoadBalancer\\"}}"]}']},
        ),
    ],
)
def test_what_is_opened_is_told_once(type_name: str, closed: Values, opened: Values) -> None:
    assert openings(type_name, closed) == set()
    assert len(openings(type_name, opened)) == 1
    address = f"{type_name}.x"
    assert _dangers(address, actions=("update",), before=closed, after=opened) == [Danger.EXPOSURE]
    assert _dangers(address, actions=("create",), before=None, after=opened) == [Danger.EXPOSURE]
    # What was open before is not this change's.
    assert _dangers(address, actions=("update",), before=opened | {"a": 1}, after=opened | {"a": 2}) == []


@pytest.mark.parametrize(
    ("type_name", "guarded", "bare"),
    [
        ("google_storage_bucket", {"versioning": [{"enabled": True}]}, {"versioning": [{"enabled": False}]}),
        ("google_container_cluster", {"deletion_protection": True}, {"deletion_protection": False}),
        ("azurerm_kubernetes_cluster", {"local_account_disabled": True}, {"local_account_disabled": False}),
        (
            "azurerm_storage_account",
            {"blob_properties": [{"delete_retention_policy": [{"days": 90}]}]},
            {"blob_properties": [{"delete_retention_policy": [{"days": 7}]}]},
        ),
        ("kubernetes_pod_disruption_budget_v1", {"spec": [{}]}, {}),
    ],
)
def test_guards_that_are_lifted(type_name: str, guarded: Values, bare: Values) -> None:
    assert len(list(lifted(type_name, guarded, bare))) == 1
    assert list(lifted(type_name, guarded, guarded)) == []


def test_a_rename_is_suggested_for_what_stays_the_same() -> None:
    values = {"name": "x", "location": "US", "labels": {"a": "1"}}
    plan = plan_of(
        resource_change("google_storage_bucket.old", actions=("delete",), before=values, after=None),
        resource_change("google_storage_bucket.new", actions=("create",), before=None, after=values),
        resource_change("google_storage_bucket.other", actions=("create",), before=None, after={"name": "y", "z": 1}),
    )

    (found,) = renames(changes("s", plan))

    assert (found.old, found.new) == ("google_storage_bucket.old", "google_storage_bucket.new")
    assert 'move_from_id("google_storage_bucket.old")' in found.mend


def test_a_guard_goes_with_what_it_guards() -> None:
    metadata = {"metadata": [{"name": "notebook"}]}
    policy, pods = changes(
        "s",
        plan_of(
            resource_change("kubernetes_network_policy_v1.p", actions=("delete",), before=metadata, after=None),
            resource_change("kubernetes_deployment_v1.d", actions=("delete",), before=metadata, after=None),
        ),
    )

    gone = workloads_gone([policy, pods])

    assert gone == {"notebook"}
    assert [each.danger for each in findings(policy, {}, gone)] == [Danger.DESTROY]
