"""What environments cost: their real stacks, at the prices of the book."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from modelyard.errors import ConfigurationError

import pytest

from costs.charges import Place, Range
from costs.estimate import SHARED, Estimate, Line, estimate
from costs.place import place_of
from costs.prices import HOURS, load
from costs.resources import Resource, declared
from stacks.environments import load_settings
from stacks.settings import CloudSettings, Settings
from tests.conftest import CLOUD_ENVIRONMENTS, Stacks, Synthesise

IOWA = Place("google", "us-central1")
BELGIUM = Place("google", "europe-west1")
AMSTERDAM = Place("azure", "westeurope")


def all_resources(stacks: Stacks) -> list[Resource]:
    return [resource for stack, content in stacks.items() for resource in declared(stack, content)]


def estimate_of(settings: Settings, stacks: Stacks) -> Estimate:
    return estimate(all_resources(stacks), place_of(settings))


def of(type_: str, values: Mapping[str, Any], *others: Resource, place: Place = IOWA) -> Estimate:
    return estimate([Resource(f"{type_}.it", type_, values, "dev-cluster"), *others], place)


def line(found: Estimate, item: str) -> Line:
    (only,) = [each for each in found.lines if each.price.item == item]
    return only


def with_cluster(settings: Any, **changes: Any) -> CloudSettings:  # noqa: ANN401 - of any cloud
    pool = settings.cluster.node_pool.model_copy(update=changes.pop("node_pool", {}))
    cluster = settings.cluster.model_copy(update={**changes, "node_pool": pool})
    copied: CloudSettings = settings.model_copy(update={"cluster": cluster})
    return copied


@pytest.fixture
def aks() -> CloudSettings:
    loaded = load_settings("aks-dev")
    assert isinstance(loaded, CloudSettings)
    return loaded


@pytest.mark.parametrize("environment", CLOUD_ENVIRONMENTS)
def test_each_load_balancer_and_each_volume_is_counted(environment: str, synthesise: Synthesise) -> None:
    settings = load_settings(environment)
    stacks = synthesise(settings)
    services = [each for each in all_resources(stacks) if each.type == "kubernetes_service_v1"]
    balanced = [each.name for each in services if each.values["spec"]["type"] == "LoadBalancer"]
    claims = [each.name for each in all_resources(stacks) if each.type == "kubernetes_persistent_volume_claim_v1"]

    found = estimate_of(settings, stacks)

    (first,) = [each.what for each in found.lines if each.stack == SHARED and "first" in each.what]
    # On AKS the nodes' way out is one more rule.
    assert f"({len(balanced) + environment.startswith('aks')} in all: " in first
    assert all(name in first for name in balanced)
    volumes = [each.what for each in found.lines if each.what.startswith("volume ")]
    assert len(volumes) == len(claims) > 1
    assert all(any(each.startswith(f"volume {name}, ") for each in volumes) for name in claims)


@pytest.mark.parametrize("environment", CLOUD_ENVIRONMENTS)
def test_nothing_in_an_environment_is_unpriced_unawares_and_its_cap_holds(
    environment: str, synthesise: Synthesise
) -> None:
    settings = load_settings(environment)
    assert isinstance(settings, CloudSettings)

    found = estimate_of(settings, synthesise(settings))

    # Sources contradict each other: docs/costs.md.
    expected = ["control plane, Free"] if settings.cloud == "aks" else []
    assert [each.what for each in found.unpriced] == expected
    assert settings.monthly_cap_usd is not None
    assert 0 < found.monthly.low <= found.monthly.high <= settings.monthly_cap_usd


def test_preemptible_nodes_have_the_spot_price_from_the_fewest_to_the_most(
    settings: Settings, synthesise: Synthesise
) -> None:
    found = estimate_of(settings, synthesise(settings, only=()))

    # By hand, of the rows: 0.0167525 and 0.0025 for 730 hours, 50 GB at 0.04, of one node and of six.
    assert line(found, "machine/n1-standard-1/spot").monthly == Range(Decimal("12.23"), Decimal("73.38"))
    assert line(found, "address/spot-node").monthly == Range(Decimal("1.82"), Decimal("10.95"))
    assert line(found, "disk/pd-standard").monthly == Range(Decimal("2.00"), Decimal("12.00"))
    assert line(found, "gke/cluster").monthly == Range.exactly(73)


def test_nodes_on_demand_cost_the_list_price_at_most_and_less_with_the_discount_for_sustained_use(
    settings: Settings, synthesise: Synthesise
) -> None:
    on_demand = with_cluster(settings, node_pool={"preemptible": False, "min_nodes": 2, "max_nodes": 2})

    nodes = line(estimate_of(on_demand, synthesise(on_demand, only=())), "machine/n1-standard-1")

    assert nodes.monthly.high == (2 * HOURS * Decimal("0.04749975")).quantize(Decimal("0.01"))
    assert nodes.monthly.low == (2 * Decimal("24.27237225")).quantize(Decimal("0.01"))
    assert nodes.low_price.item == "machine/n1-standard-1/sustained"


def test_private_nodes_pay_for_their_way_out_and_not_for_addresses(settings: Settings, synthesise: Synthesise) -> None:
    private = with_cluster(settings, private_nodes=True)

    found = estimate_of(private, synthesise(private, only=()))

    assert line(found, "nat/node").quantity == Range(Decimal(1), Decimal(6))
    assert line(found, "address/nat").quantity == Range.exactly(1)
    assert not [each for each in found.lines if each.price.item == "address/spot-node"]
    assert [rate.price.item for rate in found.by_use] == ["nat/data", "logging/ingest"]


NODE = {"machine_type": "e2-standard-2", "disk_size_gb": 100, "disk_type": "pd-ssd"}
POOL = {"location": "us-central1", "node_config": NODE}
REGIONAL = {"location": "us-central1", "remove_default_node_pool": True}


def cluster(**values: Any) -> Resource:  # noqa: ANN401 - any argument
    return Resource("google_container_cluster.it", "google_container_cluster", REGIONAL | values, "dev-cluster")


@pytest.mark.parametrize(
    ("pool", "zones", "nodes"),
    [
        ({"node_count": 2}, {}, (6, 6)),
        ({"initial_node_count": 1}, {}, (3, 3)),
        ({"node_count": 2}, {"node_locations": ["us-central1-a", "us-central1-b"]}, (4, 4)),
        ({"node_count": 2, "node_locations": ["us-central1-a"]}, {}, (2, 2)),
        ({"node_count": 2, "location": "us-central1-a"}, {"location": "us-central1-a"}, (2, 2)),
        ({"autoscaling": {"min_node_count": 1, "max_node_count": 4}}, {}, (3, 12)),
        ({"autoscaling": {"total_min_node_count": 1, "total_max_node_count": 4}}, {}, (1, 4)),
        (
            {"autoscaling": {"total_min_node_count": 2, "total_max_node_count": 4}},
            {"node_locations": ["us-central1-a", "us-central1-b"]},
            (2, 4),
        ),
    ],
)
def test_counts_of_each_zone_are_multiplied_and_totals_are_not(
    pool: dict[str, Any], zones: dict[str, Any], nodes: tuple[int, int]
) -> None:
    found = of("google_container_node_pool", POOL | pool, cluster(**zones))

    assert line(found, "machine/e2-standard-2").quantity == Range(Decimal(nodes[0]), Decimal(nodes[1]))
    assert line(found, "disk/pd-ssd").quantity == Range(Decimal(nodes[0]), Decimal(nodes[1])) * 100


def test_what_has_no_price_is_named_and_never_free() -> None:
    exotic = POOL | {"node_count": 1, "node_config": NODE | {"machine_type": "n1-ultramem-40"}}

    found = of("google_container_node_pool", exotic, cluster())

    (unpriced,) = found.unpriced
    assert unpriced.what == "nodes, n1-ultramem-40"
    assert unpriced.why == "no price of machine/n1-ultramem-40 in us-central1"
    assert all(each.monthly.high > 0 for each in found.lines)


@pytest.mark.parametrize(
    ("type_", "values", "what"),
    [
        ("google_sql_database_instance", {}, "google_sql_database_instance"),
        ("kubernetes_ingress_v1", {"metadata": {"name": "door"}}, "ingress door"),
        ("google_container_cluster", {"enable_autopilot": True}, "pods of an Autopilot cluster"),
        ("google_container_cluster", {}, "the cluster's own node pool"),
    ],
)
def test_kinds_that_are_not_known_here_are_named(type_: str, values: dict[str, Any], what: str) -> None:
    found = estimate(declared("dev-other", {"resource": {type_: {"it": values}}}), IOWA)

    assert what in [each.what for each in found.unpriced]


def test_a_resource_that_says_where_it_is_has_the_prices_of_that_place() -> None:
    here = of("google_container_node_pool", POOL | {"node_count": 1}, cluster())
    moved = of("google_container_node_pool", POOL | {"node_count": 1}, cluster(), place=BELGIUM)
    elsewhere = of("google_container_node_pool", POOL | {"node_count": 1, "location": "europe-west1"}, cluster())

    assert line(here, "machine/e2-standard-2") == line(moved, "machine/e2-standard-2")
    assert line(elsewhere, "machine/e2-standard-2").price.region == "europe-west1"


def balancer(name: str, **spec: Any) -> Resource:  # noqa: ANN401 - any argument
    values = {"metadata": {"name": name}, "spec": {"type": "LoadBalancer", "port": [{"port": 80}], **spec}}
    return Resource(f"kubernetes_service_v1.{name}", "kubernetes_service_v1", values, f"dev-{name}")


def test_the_first_five_forwarding_rules_have_one_price_and_each_further_one_its_own() -> None:
    def rules(count: int) -> list[tuple[str, Decimal]]:
        found = estimate([balancer(f"service-{number}") for number in range(count)], IOWA)
        assert found.unpriced == ()
        return [(each.price.item, each.monthly.low) for each in found.lines]

    first = ("forwarding-rules/first-5", Decimal("18.25"))
    assert rules(1) == rules(5) == [first]
    assert sorted(rules(7)) == [first, ("forwarding-rules/further", Decimal("14.60"))]


def test_public_services_on_aks_have_an_address_and_internal_ones_a_load_balancer_beside_it() -> None:
    internal = balancer("inside")
    annotated = {"name": "inside", "annotations": {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}}
    inside = Resource(internal.address, internal.type, {**internal.values, "metadata": annotated}, internal.stack)

    found = estimate([balancer("outside", port=[{"port": 80}, {"port": 443}]), inside], AMSTERDAM)

    assert [each.stack for each in found.lines if each.price.item == "address/standard"] == ["dev-outside"]
    shared = [each.what for each in found.lines if each.stack == SHARED]
    assert [each.partition(", ")[0] for each in shared] == [
        "the cluster's internal load balancer",
        "the cluster's public load balancer",
    ]
    assert "(2 in all: outside)" in shared[1]


def release(values: object, chart: str = "assets/it/hash", *, manifests: object = None) -> Estimate:
    document = json.dumps({"manifests": {"v1/X/x": json.dumps(manifests)}} if manifests else values)
    return of("helm_release", {"name": "release", "chart": chart, "version": "1.0", "values": [document]})


def test_load_balancers_and_volumes_in_manifests_are_counted() -> None:
    service = {"kind": "Service", "metadata": {"name": "door"}, "spec": {"type": "LoadBalancer", "ports": [{}]}}
    template = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "20Gi"}}}}
    stateful = {"kind": "StatefulSet", "metadata": {}, "spec": {"replicas": 3, "volumeClaimTemplates": [template]}}

    assert "(1 in all: door)" in release({}, manifests=service).lines[0].what
    assert "(1 in all: door)" in of("kubernetes_manifest", {"manifest": service}).lines[0].what
    assert release({}, manifests=stateful).lines[0].quantity == Range.exactly(60)


def test_what_values_of_others_charts_ask_for_is_seen_and_the_rest_is_said_to_be_unseen() -> None:
    found = release({"ui": {"service": {"type": "LoadBalancer"}, "persistence": {"enabled": True}}}, chart="ui")

    assert "(1 in all: release)" in found.lines[0].what
    assert [each.what for each in found.unpriced] == ["volume of the release release"]
    assert found.charts == ("ui 1.0",)


def test_values_with_expressions_of_terraform_are_read_around_them() -> None:
    text = '{"manifests": {"v1/Service/door": "{\\"kind\\": \\"Service\\", \\"metadata\\": {\\"name\\": \\"door\\", \\"namespace\\": \\"${trimsuffix(jsonencode(a.b), "\\"")}\\"}, \\"spec\\": {\\"type\\": \\"LoadBalancer\\"}}"}}'  # noqa: E501

    found = of("helm_release", {"name": "release", "chart": "assets/it/hash", "values": [text]})

    assert "(1 in all: door)" in found.lines[0].what


@pytest.mark.parametrize(
    ("place", "class_", "size", "item", "quantity"),
    [
        (IOWA, None, "10Gi", "disk/pd-balanced", 10),
        (IOWA, "premium-rwo", "512Mi", "disk/pd-ssd", "0.5"),
        (AMSTERDAM, None, "8Gi", "disk/standard-ssd/E2", 1),
        (AMSTERDAM, None, "9Gi", "disk/standard-ssd/E3", 1),
        (AMSTERDAM, "managed-csi-premium", "1Ti", "disk/premium-ssd/P30", 1),
    ],
)
def test_a_volume_is_the_disk_of_its_class_in_the_steps_of_its_cloud(
    place: Place, class_: str | None, size: str, item: str, quantity: int | str
) -> None:
    spec = {"storage_class_name": class_, "resources": {"requests": {"storage": size}}}

    found = of("kubernetes_persistent_volume_claim_v1", {"metadata": {"name": "it"}, "spec": spec}, place=place)

    assert line(found, item).quantity == Range.exactly(Decimal(quantity))


@pytest.mark.parametrize(("class_", "size"), [("nfs", "10Gi"), (None, "100Ti"), (None, "ten"), (None, None)])
def test_a_volume_of_unknown_class_or_size_is_unpriced(class_: str | None, size: str | None) -> None:
    spec = {"storage_class_name": class_, "resources": {"requests": {"storage": size}}}

    found = of("kubernetes_persistent_volume_claim_v1", {"metadata": {"name": "it"}, "spec": spec}, place=AMSTERDAM)

    assert len(found.unpriced) == 1
    assert found.lines == ()


def test_aks_with_a_paid_control_plane_and_more_nodes(aks: CloudSettings, synthesise: Synthesise) -> None:
    paid = with_cluster(aks, sku_tier="Standard", node_pool={"min_nodes": 1, "max_nodes": 3, "disk_gigabytes": 100})

    found = estimate_of(paid, synthesise(paid, only=()))

    assert found.unpriced == ()
    assert line(found, "aks/Standard").monthly == Range.exactly(73)
    assert line(found, "machine/Standard_D4s_v5").monthly == Range(Decimal("167.90"), Decimal("503.70"))
    # 100 GB are a disk of 128.
    assert line(found, "disk/premium-ssd/P10").quantity == Range(Decimal(1), Decimal(3))


def test_logs_on_aks_cost_what_their_limit_lets_in_at_most() -> None:
    logs = {"sku": "PerGB2018", "daily_quota_gb": 2, "retention_in_days": 90}

    limited = of("azurerm_log_analytics_workspace", logs, place=AMSTERDAM)
    unlimited = of("azurerm_log_analytics_workspace", logs | {"daily_quota_gb": -1}, place=AMSTERDAM)

    assert line(limited, "log-analytics/ingest").monthly == Range(Decimal(0), Decimal("181.89"))
    assert [rate.price.item for rate in limited.by_use] == ["log-analytics/retention"]
    assert [rate.price.item for rate in unlimited.by_use] == ["log-analytics/retention", "log-analytics/ingest"]
    assert unlimited.lines == ()


def test_sizes_whose_system_disk_is_not_known_leave_it_unpriced() -> None:
    pool = {"vm_size": "Standard_D2_v2", "node_count": 1, "os_disk_size_gb": 64, "location": "westeurope"}

    found = of("azurerm_kubernetes_cluster_node_pool", pool, place=AMSTERDAM)

    assert [each.what for each in found.unpriced] == ["system disks of nodes"]


def test_the_oldest_price_is_of_those_in_the_sum(settings: Settings, synthesise: Synthesise) -> None:
    found = estimate_of(settings, synthesise(settings, only=()))

    assert found.oldest is not None
    assert found.oldest.date == min(each.price.date for each in found.lines)
    assert found.oldest in list(load())


def test_an_own_cluster_has_no_estimate() -> None:
    with pytest.raises(ConfigurationError, match="what local costs is not known here"):
        place_of(load_settings("local"))
