"""A small environment of each cloud that has every resource type of our stacks, in a copy of the repo."""

import shutil
from pathlib import Path
from typing import Final

from estate.repo_copy import copy_of_the_repo

#: The clouds, by the environments that `make faults` makes for them.
ENVIRONMENTS: Final = {"gke": "faults-gke", "aks": "faults-aks"}
#: Iris with a notebook, two replicas, a model in the store and dashboards: all that services make of Kubernetes and of
#: the cloud.
SERVICE: Final = "iris"
_SHARED: Final = """
source_ranges = ["203.0.113.0/24"]

[add_ons]
polyaxon.deployed = false

[services.iris]
replicas = 2
model = "iris/iris-model.zip"

[github]
repository = "acme/models"
repository_id = 821093847
repository_owner_id = 5544123

[protection_lifted]
on = 2026-11-22
by = "make faults"
reason = "a world that is broken on purpose"
"""
_FILES: Final = {
    "gke": """
cloud = "gke"
project_id = "modelyard-faults"
region = "us-central1"
{shared}
[cluster]
control_plane_ranges = ["203.0.113.0/24"]
private_nodes = true
zones = ["us-central1-a"]

[cluster.node_pool]
machine_type = "n1-standard-4"
""",
    "aks": """
cloud = "aks"
subscription_id = "00000000-0000-0000-0000-000000000000"
location = "westeurope"
operators_group_id = "00000000-0000-0000-0000-000000000000"
{shared}
[cluster]
control_plane_ranges = ["203.0.113.0/24"]

[cluster.node_pool]
machine_type = "Standard_D4s_v5"
min_nodes = 1
max_nodes = 2
""",
}


def copy_with_environments(folder: Path) -> Path:
    """Copies the repo, and writes the small environments beside its own.

    Args:
        folder: Made by this.
    """
    copy_of_the_repo(folder)
    write_environments(folder / "environments")
    return folder


def write_environments(folder: Path) -> None:
    """Writes the small environments' files."""
    for cloud, environment in ENVIRONMENTS.items():
        (folder / f"{environment}.toml").write_text(_FILES[cloud].format(shared=_SHARED))


def keep_one_service(copy: Path) -> None:
    """Removes the other services from a copy."""
    for service in copy.glob("services/*/service.py"):
        if service.parent.name != SERVICE:
            shutil.rmtree(service.parent)
