"""Cloud resources, charts, protection and grants."""

import pytest

from stacks.environments import load_cloud_settings
from tests.policies.changes import CHART, POLYAXON, RNN, SALES, Change, added, manifest, planned_values
from tests.policies.recorded import Planned, new_findings

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
OWNER = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/8E3AF657-a8ff-443c-a75c-2fe8c4bcb635"
BUCKET, ACCOUNT = "google_storage_bucket.state_bucket", "azurerm_storage_account.state_account"
GKE, AKS = "google_container_cluster.gke_cluster", "azurerm_kubernetes_cluster.aks_cluster"
CLAIM = "kubernetes_persistent_volume_claim_v1"
BUCKET_GRANT, RUN_GRANT = "google_storage_bucket_iam_member", "google_cloud_run_v2_service_iam_binding"
ROLE, BINDING = (f"helm_release.workflow_release/{kind}/sales-pipeline" for kind in ("Role", "RoleBinding"))
READER = "roles/storage.objectViewer"


def version(given: str | None) -> Change:
    """Polyaxon's chart is declared with this version; the plan has the deployed one."""

    def change(planned: Planned) -> None:
        expressions = planned.expressions(CHART)
        expressions.pop("version")
        if given is not None:
            expressions["version"] = {"constant_value": given}

    return change


def unprotected(planned: Planned) -> None:
    assert planned.configuration is not None
    for blocks in planned.configuration["resource"].values():
        for block in blocks.values():
            block["lifecycle"]["prevent_destroy"] = False


def role(**rule: list[str]) -> Change:
    return manifest("Role", rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]} | rule])


def assignment(role_name: str | None, scope: str, id_: str | None = None) -> Change:
    return added("azurerm_role_assignment", scope=scope, role_definition_name=role_name, role_definition_id=id_)


MISTAKES: list[tuple[str, str, str, Change]] = [
    ("MDY_4", "prod-state", BUCKET, planned_values(BUCKET, labels=None)),
    ("MDY_4", "prod-cluster", GKE, planned_values(GKE, resource_labels={"environment": "gke-dev"})),
    ("MDY_4", "aks-dev-state", ACCOUNT, planned_values(ACCOUNT, tags={"environment": "aks-dev"})),
    ("MDY_10", POLYAXON, CHART, version(None)),
    ("MDY_10", POLYAXON, CHART, version("^2.15.1")),
    ("MDY_10", POLYAXON, CHART, version("2.15")),
    ("MDY_10", POLYAXON, CHART, planned_values(CHART, repository=None, chart="polyaxon/polyaxon")),
    ("MDY_11", "prod-state", BUCKET, planned_values(BUCKET, force_destroy=True)),
    ("MDY_11", "prod-state", BUCKET, unprotected),
    ("MDY_11", "prod-state", f"{CLAIM}.added", added(CLAIM, metadata=[{"name": "kept"}], spec=[{}])),
    ("MDY_12", "aks-dev-state", ACCOUNT, planned_values(ACCOUNT, blob_properties=[{"versioning_enabled": False}])),
    ("MDY_12", "aks-dev-state", ACCOUNT, planned_values(ACCOUNT, blob_properties=[])),
    ("MDY_13", "prod-cluster", GKE, planned_values(GKE, deletion_protection=False)),
    ("MDY_18", RNN, f"{BUCKET_GRANT}.added", added(BUCKET_GRANT, role=READER, member="allUsers")),
    ("MDY_18", RNN, f"{RUN_GRANT}.added", added(RUN_GRANT, role="x", members=["allAuthenticatedUsers"])),
    ("MDY_19", SALES, "azurerm_role_assignment.added", assignment("Contributor", SUBSCRIPTION)),
    ("MDY_19", SALES, "azurerm_role_assignment.added", assignment(None, "/", OWNER)),
    ("MDY_19", RNN, "google_folder_iam_member.added", added("google_folder_iam_member", role="roles/owner")),
    ("MDY_20", SALES, ROLE, role(verbs=["*"])),
    ("MDY_20", SALES, ROLE, role(resources=["*"])),
    ("MDY_20", SALES, BINDING, manifest("RoleBinding", "roleRef", kind="ClusterRole", name="cluster-admin")),
]


@pytest.mark.parametrize(("check", "stack", "place", "change"), MISTAKES)
def test_a_mistake_is_found(check: str, stack: str, place: str, change: Change) -> None:
    assert new_findings(stack, change) == {(check, place)}


@pytest.mark.parametrize(
    ("stack", "change"),
    [
        (POLYAXON, version("v2.15.1-rc.1")),
        (POLYAXON, planned_values(CHART, repository=None, chart="https://charts.example/polyaxon-2.15.1.tgz")),
        (POLYAXON, planned_values(CHART, repository=None, chart="oci://charts.example/polyaxon")),
        (RNN, added(BUCKET_GRANT, role=READER, member="user:ada@example.com")),
        (SALES, assignment("Contributor", f"{SUBSCRIPTION}/resourceGroups/aks-dev-artifacts")),
        (SALES, assignment("Reader", SUBSCRIPTION)),
        (RNN, added("google_folder_iam_member", role="roles/viewer")),
        (SALES, role(verbs=["get", "list"])),
        # The protection of aks-dev is lifted.
        ("aks-dev-state", unprotected),
        (RNN, added(CLAIM, metadata=[{"name": "scratch"}], spec=[{}])),
    ],
)
def test_what_is_right_is_let_through(stack: str, change: Change) -> None:
    assert new_findings(stack, change) == set()


def test_a_protected_cluster_on_aks_is_protected_by_its_lifecycle() -> None:
    protected = load_cloud_settings("aks-dev").model_copy(update={"protection_lifted": None})
    planned = Planned("aks-dev-cluster")
    assert ("MDY_13", AKS) in planned.found(protected)

    assert planned.configuration is not None
    for block in planned.configuration["resource"]["azurerm_kubernetes_cluster"].values():
        block["lifecycle"]["prevent_destroy"] = True
    assert planned.found(protected) == set()


def test_what_needs_the_configuration_is_not_judged_without_it() -> None:
    planned = Planned("prod-state")
    unprotected(planned)
    planned.configuration = None

    assert planned.findings() == []
