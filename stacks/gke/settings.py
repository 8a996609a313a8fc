"""The keys of an environment's file when it is on GKE."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, Self

from modelyard.errors import ConfigurationError
from modelyard.gcp.machine_types import node_capacity

from pydantic import Field, model_validator

from stacks.setting_types import check, contradiction, form
from stacks.settings import CloudSettings, ClusterSettings, NodePoolSettings, StateSettings

Zone = Annotated[str, form("^[a-z]+-[a-z]+[0-9]+-[a-z]$", "a zone's name, which is its region's, a dash and a letter")]


def _are_different(zones: Sequence[str]) -> None:
    if len(set(zones)) < len(zones):
        raise ConfigurationError("a zone stands there twice", mend="name each zone once")


class GkeStateSettings(StateSettings):
    """Where Terraform's state is kept."""

    location: Annotated[str, form("^[A-Za-z][A-Za-z0-9-]+$", "a region or multi-region of Cloud Storage")] = Field(
        "US",
        description="Region or multi-region of the bucket; changing it replaces the bucket.",
        examples=["US"],
    )


class GkeNodePoolSettings(NodePoolSettings):
    """The machines of the cluster."""

    machine_type: Annotated[str, check(node_capacity)] = Field(
        "n1-standard-1",
        description="What each node is.",
        examples=["n1-standard-1"],
        json_schema_extra={"allowed": "a machine type of Compute Engine that is known here"},
    )
    preemptible: bool = Field(
        True,
        description="Cheaper nodes that Google takes back within 24 hours; `modelyard cost` says how much cheaper.",
        examples=[True],
    )


class GkeClusterSettings(ClusterSettings):
    """The GKE cluster."""

    zones: Annotated[tuple[Zone, ...], check(_are_different)] = Field(
        (),
        strict=False,  # else TOML's lists are refused; the zones in it are not converted
        json_schema_extra={"uniqueItems": True, "allowed": "a list of different zones of the region"},
        description="Zones of the region to use; none given means three of Google's choice.",
        examples=[["us-central1-a", "us-central1-b"]],
    )
    private_nodes: bool = Field(
        False, description="Nodes without public address, behind Cloud NAT (billed).", examples=[False]
    )
    release_channel: Literal["RAPID", "REGULAR", "STABLE"] = Field(
        "REGULAR", description="How early new Kubernetes versions are taken.", examples=["REGULAR"]
    )
    node_pool: GkeNodePoolSettings = Field(GkeNodePoolSettings(), description="The machines of the cluster.")


class GkeSettings(CloudSettings):
    """One environment on GKE."""

    provider: ClassVar[str] = "google"
    cloud: Literal["gke"] = Field(description="Which cloud it is in.", examples=["gke"])
    project_id: Annotated[
        str,
        form(
            "^[a-z][a-z0-9-]{4,28}[a-z0-9]$",
            "6 to 30 lower-case letters, digits and dashes, a letter first, no dash at the end",
        ),
    ] = Field(
        description="The Google Cloud project, by its id.",
        examples=["my-ml-project"],
    )
    region: Annotated[str, form("^[a-z]+-[a-z]+[0-9]+$", "the name of a Google Cloud region")] = Field(
        description="The region of cluster and registry; changing it replaces both.",
        examples=["us-central1"],
    )
    state: GkeStateSettings = Field(GkeStateSettings(), description="Where Terraform's state is kept.")
    cluster: GkeClusterSettings = Field(description="The GKE cluster.")

    @property
    def state_bucket(self) -> str:
        """The state bucket's name; such names are global, so the project's is in it."""
        return f"{self.project_id}-{self.name}-state"

    @property
    def artifacts_bucket(self) -> str:
        """The name of the bucket with the artifacts."""
        return f"{self.project_id}-{self.name}-artifacts"

    @model_validator(mode="after")
    def _zones_are_in_the_region(self) -> Self:
        strangers = [zone for zone in self.cluster.zones if not zone.startswith(f"{self.region}-")]
        if strangers:
            raise contradiction(
                "cluster",
                "zones",
                given=self.cluster.zones,
                allowed=f"zones of region = {self.region}, which {', '.join(strangers)} is not",
                mend=f"name zones of the region, for example {self.region}-b, or change the region",
            )
        return self


#: What `stacks.clouds` looks for.
MODEL = GkeSettings
