"""Whether the real plugins read the ids under which our resources are imported; nobody is asked whether they exist."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tf.gen import tfplugin_pb2 as protocol  # type: ignore[import-untyped]  # ships no types

from runs.import_ids import GUIDS, TYPES, import_id
from simulator.identity_endpoint import azurerm_without_access
from simulator.plugin_binaries import find_binary
from simulator.real_provider import NOBODY, RealProvider
from simulator.schema import ProviderSchema
from simulator.values import decode
from simulator.world import Values
from tests.e2e.conftest import Proof

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GUID = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/group-one/providers"
CLUSTER = "projects/project-one/locations/us-central1/clusters/cluster-one"
VALUES: Values = {
    "account_id": "account-one",
    "bucket": "bucket-one",
    "cluster": CLUSTER,
    "location": "us-central1",
    "member": "serviceAccount:one@project-one.iam.gserviceaccount.com",
    "metadata": [{"name": "name-one", "namespace": "namespace-one"}],
    "name": "name-one",
    "namespace": "namespace-one",
    "parent_id": f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/identity-one",
    "project": "project-one",
    "region": "us-central1",
    "repository": "repository-one",
    "repository_id": "repository-one",
    "resource_group_name": "group-one",
    "role": "roles/viewer",
    "role_id": "role_one",
    "router": "router-one",
    "scope": f"{GROUP}/Microsoft.Storage/storageAccounts/account1",
    "service": "compute.googleapis.com",
    "service_account_id": "projects/project-one/serviceAccounts/one@project-one.iam.gserviceaccount.com",
    "storage_account_id": f"{GROUP}/Microsoft.Storage/storageAccounts/account1",
    "target_resource_id": f"{GROUP}/Microsoft.ContainerService/managedClusters/cluster-one",
    "workload_identity_pool_id": "pool-one",
    "workload_identity_pool_provider_id": "provider-one",
}
# What a plugin asks the cloud for as soon as it has read the id.
ASKED = {
    "google_container_cluster": f"/{CLUSTER.replace('cluster-one', 'name-one')}?",
    "google_container_node_pool": f"/{CLUSTER}?",
    "google_artifact_registry_repository_iam_member": "/locations/us-central1/repositories/repository-one:getIamPolicy",
    "google_project_iam_member": "/projects/project-one:getIamPolicy",
    "google_service_account_iam_member": "/serviceAccounts/one@project-one.iam.gserviceaccount.com:getIamPolicy",
    "google_storage_bucket_iam_member": "/b/bucket-one/iam",
}
CONFIGURATIONS: dict[str, Values] = {
    "google": {"access_token": "fake", "project": "project-one", "region": "us-central1"},
    "azurerm": azurerm_without_access() | {"subscription_id": SUBSCRIPTION},
}


@pytest.fixture(scope="module")
def running(plugins: Path) -> Iterator[dict[str, RealProvider]]:
    """The plugins of both clouds, configured to reach nobody."""
    with (
        RealProvider(find_binary(plugins, "google")) as google,
        RealProvider(find_binary(plugins, "azurerm")) as azurerm,
    ):
        providers = {"google": google, "azurerm": azurerm}
        for name, provider in providers.items():
            empty = ProviderSchema(name).provider.empty()
            if name == "azurerm":
                empty["features"] = [ProviderSchema(name).provider.nested["features"].block.empty()]
            provider.configure(empty | CONFIGURATIONS[name])
        yield providers


def test_the_real_plugins_read_the_ids(running: dict[str, RealProvider], proof: Proof) -> None:
    read = 0
    for type_ in sorted(TYPES):
        name = type_.partition("_")[0]
        if name not in running:
            continue
        if type_ in GUIDS:
            id_: str | None = GUIDS[type_].format(**VALUES, guid=GUID)
        else:
            id_ = import_id(type_, VALUES, {"subscription_id": SUBSCRIPTION})
        assert id_, type_
        request = protocol.ImportResourceState.Request(type_name=type_, id=id_)
        answer = running[name].call("ImportResourceState", request, protocol.ImportResourceState.Response)
        said = " ".join(f"{one.summary} {one.detail}" for one in answer.diagnostics)
        if type_ in ASKED:
            assert ASKED[type_] in said, (type_, said)
            assert NOBODY in said
        else:
            assert not said, (type_, said)
            (imported,) = answer.imported_resources
            state = decode(imported.state)
            assert state["id"], type_
            # Whatever it has read of the id is what the id was made of.
            for part, value in VALUES.items():
                if part in state and isinstance(state[part], str) and part != "location":
                    assert state[part] in (value, "us-central1", None), (type_, part)
        read += 1
    assert read > 25
    proof(f"ids to import of {read} resource types: read by the real google and azurerm plugins as they are meant")
