"""What Google refuses."""

import re

import pytest

from simulator import World
from tests.simulator.conftest import NewTerraform
from tests.simulator.estate import PROJECT, REGION, Config, Terraform, changed, cluster, namespace

# Real Terraform, or Node, again and again.
pytestmark = pytest.mark.slow

CLUSTERS = f"projects/{PROJECT}/locations/{REGION}/clusters"
NETWORK = {"name": "used", "auto_create_subnetworks": False}
SUBNETWORK = {"name": "used", "network": "${google_compute_network.used.id}", "ip_cidr_range": "10.0.0.0/20"}


def test_an_api_must_be_enabled(terraform: Terraform) -> None:
    terraform.write(cluster("refused"), provider={"google": {"project": "without-apis", "region": REGION}})
    error = terraform.refused()
    assert "Error 403: container.googleapis.com has not been used in project" in error
    assert "SERVICE_DISABLED" in error


MISSING = [
    f"Error creating Subnetwork: googleapi: Error 404: The resource 'projects/{PROJECT}/global/networks/missing'",
    f"Error 404: The resource 'projects/{PROJECT}/regions/{REGION}/routers/missing' was not found",
    f"Error 404: Not found: projects/{PROJECT}/global/networks/missing.",
    f"error creating NodePool: googleapi: Error 404: Not found: {CLUSTERS}/missing.",
    f"Service account missing@{PROJECT}.iam.gserviceaccount.com does not exist.",
    f"Error 404: projects/{PROJECT}/locations/{REGION}/repositories/missing was not found",
    "Cluster.initial_node_count must be greater than zero.",
]


def test_what_a_resource_refers_to_must_exist(enabled_apis: None, terraform: Terraform) -> None:
    missing = f"projects/{PROJECT}/global/networks/missing"
    pool = cluster("missing")["google_container_node_pool"]["pool"] | {"cluster": "missing", "location": REGION}
    account = f"serviceAccount:missing@{PROJECT}.iam.gserviceaccount.com"
    no_nodes = changed(cluster("empty"), "google_container_cluster.cluster.initial_node_count", 0)
    in_network = cluster("lost")["google_container_cluster"]["cluster"] | {"network": missing}
    terraform.write(
        {
            "google_compute_subnetwork": {"lost": SUBNETWORK | {"name": "lost", "network": missing}},
            "google_compute_router_nat": {
                "lost": {
                    "name": "lost",
                    "router": "missing",
                    "nat_ip_allocate_option": "AUTO_ONLY",
                    "source_subnetwork_ip_ranges_to_nat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
                }
            },
            "google_container_cluster": no_nodes["google_container_cluster"] | {"lost": in_network},
            "google_container_node_pool": {"lost": pool},
            "google_project_iam_member": {"lost": {"project": PROJECT, "role": "roles/viewer", "member": account}},
            "google_artifact_registry_repository_iam_member": {
                "lost": {
                    "repository": "missing",
                    "location": REGION,
                    "role": "roles/artifactregistry.reader",
                    "member": "allUsers",
                }
            },
        }
    )
    errors = terraform.refused()
    assert [error for error in MISSING if error not in errors] == []


def test_workload_identity_needs_the_pool_of_a_cluster(terraform: Terraform, enabled_apis: None) -> None:
    binding = {
        "service_account_id": "${google_service_account.account.name}",
        "role": "roles/iam.workloadIdentityUser",
        "member": "serviceAccount:nowhere.svc.id.goog[web/web]",
    }
    terraform.write(
        {
            "google_service_account": {"account": {"account_id": "workload"}},
            "google_service_account_iam_member": {"binding": binding},
        }
    )
    assert "Identity Pool does not exist (nowhere.svc.id.goog)" in terraform.refused()


def test_a_grant_to_pods_names_their_pool_by_the_projects_number(enabled_apis: None, terraform: Terraform) -> None:
    def write(number: str) -> None:
        pool = f"projects/{number}/locations/global/workloadIdentityPools/{PROJECT}.svc.id.goog"
        grant = {
            "bucket": "${google_storage_bucket.models.name}",
            "role": "roles/storage.objectViewer",
            "member": f"principal://iam.googleapis.com/{pool}/subject/ns/web/sa/web",
            "depends_on": ["google_container_cluster.cluster"],
        }
        pods = {"workload_identity_config": {"workload_pool": f"{PROJECT}.svc.id.goog"}}
        resources = {
            "google_container_cluster": {"cluster": cluster("pods")["google_container_cluster"]["cluster"] | pods},
            "google_storage_bucket": {"models": {"name": "models", "location": REGION}},
            "google_storage_bucket_iam_member": {"reads": grant},
        }
        terraform.write(resources, data={"google_project": {"own": {"project_id": PROJECT}}})

    write("123456789012")
    assert "Identity Pool does not exist (acme.svc.id.goog)" in terraform.refused()
    write("${data.google_project.own.number}")
    terraform.apply()


def federation() -> Config:
    """A pool for tokens of another issuer, an account that its identities act as, and a role of the project's own."""
    pool = "${google_iam_workload_identity_pool.pool.name}"
    provider = {
        "workload_identity_pool_id": "outside",
        "workload_identity_pool_provider_id": "issuer",
        "attribute_mapping": {"google.subject": "assertion.sub"},
        "attribute_condition": "assertion.sub == 'web'",
        "oidc": {"issuer_uri": "https://issuer.example"},
        "depends_on": ["google_iam_workload_identity_pool.pool"],
    }
    trust = {
        "service_account_id": "${google_service_account.account.name}",
        "role": "roles/iam.workloadIdentityUser",
        "member": f"principalSet://iam.googleapis.com/{pool}/attribute.environment/web",
    }
    grant = {
        "project": PROJECT,
        "role": "${google_project_iam_custom_role.role.name}",
        "member": "${google_service_account.account.member}",
    }
    return {
        "google_iam_workload_identity_pool": {"pool": {"workload_identity_pool_id": "outside"}},
        "google_iam_workload_identity_pool_provider": {"provider": provider},
        "google_service_account": {"account": {"account_id": "outside"}},
        "google_service_account_iam_member": {"trust": trust},
        "google_project_iam_custom_role": {
            "role": {"role_id": "own", "title": "Own", "permissions": ["storage.buckets.list"]}
        },
        "google_project_iam_member": {"grant": grant},
    }


def test_a_pool_for_others_tokens_is_made_once_in_thirty_days(
    enabled_apis: None, terraform: Terraform, world: World
) -> None:
    output = {"provider": {"value": "${google_iam_workload_identity_pool_provider.provider.name}"}}
    terraform.write(federation(), output=output)
    terraform.apply()
    assert not terraform.has_changes()
    name = r"projects/\d+/locations/global/workloadIdentityPools/outside/providers/issuer"
    assert re.fullmatch(name, terraform.outputs()["provider"])

    terraform.destroy()
    assert not [one for one in world.contents() if "outside" in str(one)]
    # The role comes back by itself, the pool does not.
    assert "Error creating WorkloadIdentityPool: googleapi: Error 409: Requested entity already exists" in (
        terraform.refused()
    )


def test_grants_need_the_pool_and_the_role_that_they_name(enabled_apis: None, terraform: Terraform) -> None:
    pool = "projects/123456789012/locations/global/workloadIdentityPools/missing"
    trust = {"member": f"principalSet://iam.googleapis.com/{pool}/attribute.environment/web"}
    lost = {"workload_identity_pool_id": "missing", "workload_identity_pool_provider_id": "lost"}
    grant = {"project": PROJECT, "role": f"projects/{PROJECT}/roles/missing", "member": "allUsers"}
    resources = federation()
    binding = resources["google_service_account_iam_member"]["trust"] | trust
    account = {"account": {"account_id": "lonely"}}
    terraform.write(
        {
            "google_service_account": account,
            "google_service_account_iam_member": {"lost": binding},
            "google_iam_workload_identity_pool_provider": {
                "lost": lost | {"oidc": {"issuer_uri": "https://issuer.example"}}
            },
            "google_project_iam_member": {"lost": grant},
        }
    )
    errors = terraform.refused()
    assert f"Identity Pool does not exist ({pool})" in errors
    assert "Error creating WorkloadIdentityPoolProvider: googleapi: Error 404" in errors
    assert f"Role (projects/{PROJECT}/roles/missing) does not exist" in errors


def test_what_exists_is_not_made_again(enabled_apis: None, new_terraform: NewTerraform) -> None:
    for attempt in range(2):
        terraform = new_terraform()
        terraform.write(
            {
                "google_compute_network": {"twice": {"name": "twice"}},
                "google_storage_bucket": {"twice": {"name": "twice", "location": "US"}},
            }
        )
        if attempt == 0:
            terraform.apply()
    error = terraform.refused()
    assert f"Error 409: The resource 'projects/{PROJECT}/global/networks/twice' already exists, alreadyExists" in error
    assert "Error 409: Your previous request to create the named bucket succeeded and you already own it." in error


def test_subnetworks_of_a_network_do_not_overlap(enabled_apis: None, terraform: Terraform) -> None:
    other = {"name": "other", "ip_cidr_range": "10.0.8.0/24", "depends_on": ["google_compute_subnetwork.used"]}
    terraform.write(
        {
            "google_compute_network": {"used": NETWORK | {"name": "overlapped"}},
            "google_compute_subnetwork": {"used": SUBNETWORK, "other": SUBNETWORK | other},
        }
    )
    assert "10.0.8.0/24 conflicts with existing subnetwork 'used'" in terraform.refused()


def test_what_is_no_range_is_refused_new_and_changed(enabled_apis: None, terraform: Terraform) -> None:
    def write(cidr: str) -> None:
        subnetwork = SUBNETWORK | {"name": "ranged", "ip_cidr_range": cidr}
        network = {"used": NETWORK | {"name": "ranged"}}
        terraform.write({"google_compute_network": network, "google_compute_subnetwork": {"used": subnetwork}})

    write("10.0.0.0/33")
    assert "Invalid value for field 'resource.ipCidrRange': '10.0.0.0/33'" in terraform.refused()
    write("10.0.0.0/20")
    terraform.apply()
    write("10.0.0.1/20")
    assert "Invalid value for field 'resource.ipCidrRange': '10.0.0.1/20'" in terraform.refused()


def test_what_is_in_use_is_not_deleted(enabled_apis: None, terraform: Terraform, world: World) -> None:
    terraform.write(
        {
            "google_compute_network": {"used": NETWORK},
            "google_storage_bucket": {"used": {"name": "used", "location": "US"}},
        }
    )
    terraform.apply()
    network = f"projects/{PROJECT}/global/networks/used"
    others = {"id": "by hand", "project": PROJECT, "network": network}
    world.google.put("google_compute_firewall", "by hand", others)
    world.google.put("google_storage_bucket_object", "used-object", {"id": "used-object", "bucket": "used"})
    error = terraform.refused("destroy")
    assert f"The network resource '{network}' is already being used by 'by hand'" in error
    assert "Error trying to delete bucket used without `force_destroy` set to true" in error


def test_a_protected_cluster_stays_until_the_protection_is_lifted(enabled_apis: None, terraform: Terraform) -> None:
    # The provider's default is to protect.
    protected = cluster("protected")["google_container_cluster"]
    del protected["cluster"]["deletion_protection"]
    terraform.write({"google_container_cluster": protected})
    terraform.apply()
    assert "Cannot destroy cluster because deletion_protection is set to true" in terraform.refused("destroy")
    protected["cluster"]["deletion_protection"] = False
    terraform.write({"google_container_cluster": protected})
    terraform.apply()
    terraform.destroy()


def test_a_deleted_cluster_takes_its_objects_along(
    enabled_apis: None, new_terraform: NewTerraform, world: World
) -> None:
    estate, stack = new_terraform(), new_terraform()
    estate.write(cluster("brief"), output={"endpoint": {"value": "${google_container_cluster.cluster.endpoint}"}})
    estate.apply()
    endpoint = estate.outputs()["endpoint"]
    stack.write(namespace("brief"), provider={"kubernetes": {"host": f"https://{endpoint}"}})
    stack.apply()
    assert world.cluster(endpoint).all("namespace")
    estate.destroy()
    assert not world.cluster(endpoint).all("namespace")
