"""What one environment is: the keys of `environments/<name>.toml`.

Each key has a description with its unit, and an example, which an error shows as the mend (see `environments.py`).
"""

import datetime
import functools
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, Self

from modelyard.errors import ConfigurationError
from modelyard.exposure import Exposure
from modelyard.gcp.machine_types import node_capacity

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError


class _Section(BaseModel):
    """A table of the file: unknown keys are refused, values are not converted and never change."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


def _refusal(error: ConfigurationError) -> PydanticCustomError:
    # The parts go through as context: braces in a message would be read as placeholders.
    return PydanticCustomError("refused", "{why}", {"why": error.what, "mend": error.mend})


def _contradiction(*key: str, given: object, allowed: str, mend: str) -> PydanticCustomError:
    """Values that are right by themselves and wrong together; the key is seen from the table that has the rule."""
    return PydanticCustomError(
        "contradiction", "{allowed}", {"key": key, "given": given, "allowed": allowed, "mend": mend}
    )


def _form(pattern: str, allowed: str) -> Any:  # noqa: ANN401 - as pydantic's Field
    """A text of a form, which an error puts in words."""
    return Field(pattern=pattern, json_schema_extra={"allowed": allowed})


def _check(function: Callable[[Any], object]) -> AfterValidator:
    """A validator that lets what `function` refuses be reported with file and key."""

    @functools.wraps(function)
    def validate(value: Any) -> Any:  # noqa: ANN401 - whatever the field's type is
        try:
            function(value)
        except ConfigurationError as error:
            raise _refusal(error) from error
        return value

    return AfterValidator(validate)


def _exposure(choice: object) -> Exposure:
    if isinstance(choice, Exposure):
        return choice
    if choice == "internal":
        return Exposure.internal()
    if choice == "world":
        return Exposure.world()
    if isinstance(choice, list) and choice and all(isinstance(each, str) for each in choice):
        try:
            return Exposure.source_ranges(*choice)
        except ConfigurationError as error:
            raise _refusal(error) from error
    raise PydanticCustomError("exposure", "neither a list of networks nor one of the words")


def _are_different(zones: Sequence[str]) -> None:
    if len(set(zones)) < len(zones):
        raise ConfigurationError("a zone stands there twice", mend="name each zone once")


def _is_public(exposure: Exposure) -> None:
    if exposure.is_internal:
        raise ConfigurationError(
            "the control plane's public address cannot be internal",
            mend='name the networks that may use it, for example ["203.0.113.0/24"]',
        )


def _networks(*words: str) -> WithJsonSchema:
    *most, last = ("a list of one or more IPv4 networks", *(f'"{word}"' for word in words))
    networks = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    choices = [{"enum": words}, networks]
    return WithJsonSchema({"anyOf": choices, "allowed": f"{', '.join(most)} or {last}"})


Access = Annotated[Exposure, PlainValidator(_exposure), _networks("internal", "world")]
Zone = Annotated[str, _form("^[a-z]+-[a-z]+[0-9]+-[a-z]$", "a zone's name, which is its region's, a dash and a letter")]
_SERVICE_NAME = "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"
ServiceName = Annotated[str, Field(pattern=_SERVICE_NAME)]
_SERVICE_NAMES: dict[str, Any] = {
    "pattern": _SERVICE_NAME,
    "examples": ["image-classifier"],
    "allowed": "1 to 63 lower-case letters, digits and dashes, a letter first, no dash at the end",
}


class ProtectionLifted(_Section):
    """The record that somebody took the protection off; `modelyard protection lift` writes it."""

    on: datetime.date = Field(description="The day it was lifted.", examples=[datetime.date(2026, 11, 20)])
    by: str = Field(min_length=1, description="Who lifted it.", examples=["ada@example.com"])
    reason: str = Field(min_length=1, description="Why it may go.", examples=["development: torn down every evening"])


class StateSettings(_Section):
    """Where Terraform's state is kept."""

    location: Annotated[str, _form("^[A-Za-z][A-Za-z0-9-]+$", "a region or multi-region of Cloud Storage")] = Field(
        "US",
        description="Region or multi-region of the bucket; changing it replaces the bucket.",
        examples=["US"],
    )
    keep_versions_days: int = Field(
        90, ge=1, le=3650, description="How long a replaced state can be brought back, in days.", examples=[90]
    )
    own_state: Literal["local", "bucket"] = Field(
        "local",
        description="Where the bucket's own state is: local until `modelyard state move` has moved it into the bucket.",
        examples=["local"],
    )


class NodePoolSettings(_Section):
    """The machines of the cluster."""

    machine_type: Annotated[str, _check(node_capacity)] = Field(
        "n1-standard-1",
        description="What each node is.",
        examples=["n1-standard-1"],
        json_schema_extra={"allowed": "a machine type of Compute Engine that is known here"},
    )
    preemptible: bool = Field(
        True, description="About a quarter of the price; Google takes a node back within 24 hours.", examples=[True]
    )
    min_nodes: int = Field(1, ge=1, le=1000, description="Nodes over all zones, at least.", examples=[1])
    max_nodes: int = Field(6, ge=1, le=1000, description="Nodes over all zones, at most.", examples=[6])
    disk_gigabytes: int = Field(50, ge=20, le=2000, description="Boot disk of each node, in GB.", examples=[50])

    @model_validator(mode="after")
    def _min_is_not_above_max(self) -> Self:
        if self.min_nodes > self.max_nodes:
            raise _contradiction(
                "min_nodes",
                given=self.min_nodes,
                allowed=f"at most max_nodes, which is {self.max_nodes}",
                mend=f"write min_nodes = {self.max_nodes} or less, or max_nodes = {self.min_nodes} or more",
            )
        return self


class ClusterSettings(_Section):
    """The GKE cluster."""

    zones: Annotated[tuple[Zone, ...], _check(_are_different)] = Field(
        (),
        strict=False,  # else TOML's lists are refused; the zones in it are not converted
        json_schema_extra={"uniqueItems": True, "allowed": "a list of different zones of the region"},
        description="Zones of the region to use; none given means three of Google's choice.",
        examples=[["us-central1-a", "us-central1-b"]],
    )
    private_nodes: bool = Field(
        False, description="Nodes without public address, behind Cloud NAT (billed).", examples=[False]
    )
    control_plane_ranges: Annotated[Access, _check(_is_public), _networks("world")] = Field(
        description="Who may reach the Kubernetes API.", examples=[["203.0.113.0/24"]]
    )
    release_channel: Literal["RAPID", "REGULAR", "STABLE"] = Field(
        "REGULAR", description="How early new Kubernetes versions are taken.", examples=["REGULAR"]
    )
    maintenance_start: Annotated[str, _form("^([01][0-9]|2[0-3]):[0-5][0-9]$", "HH:MM from 00:00 to 23:59")] = Field(
        "03:00",
        description="When the daily window of four hours for upgrades begins, HH:MM in UTC.",
        examples=["03:00"],
    )
    node_pool: NodePoolSettings = Field(NodePoolSettings(), description="The machines of the cluster.")


class ServiceSettings(_Section):
    """What an environment says of one service; what is left out comes from the environment or the service."""

    replicas: int = Field(1, ge=1, le=1000, description="Pods of the service.", examples=[2])
    source_ranges: Access | None = Field(
        None, description="Who may reach this service, instead of the environment's.", examples=[["203.0.113.0/24"]]
    )


class Settings(_Section):
    """One environment."""

    name: SkipJsonSchema[str] = Field(exclude=True, description="The file's name, which is no key of the file.")
    cloud: Literal["gke"] = Field(description="Which cloud it is in.", examples=["gke"])
    project_id: Annotated[
        str,
        _form(
            "^[a-z][a-z0-9-]{4,28}[a-z0-9]$",
            "6 to 30 lower-case letters, digits and dashes, a letter first, no dash at the end",
        ),
    ] = Field(
        description="The Google Cloud project, by its id.",
        examples=["my-ml-project"],
    )
    region: Annotated[str, _form("^[a-z]+-[a-z]+[0-9]+$", "the name of a Google Cloud region")] = Field(
        description="The region of cluster and registry; changing it replaces both.",
        examples=["us-central1"],
    )
    source_ranges: Access = Field(
        description="Who may reach the services: networks, internal (the private network) or world (everybody).",
        examples=[["203.0.113.0/24"]],
    )
    state: StateSettings = Field(StateSettings(), description="Where Terraform's state is kept.")
    cluster: ClusterSettings = Field(description="The GKE cluster.")
    services: dict[ServiceName, ServiceSettings] = Field(
        {},
        description="Settings of single services, by their Kubernetes name.",
        json_schema_extra={"propertyNames": _SERVICE_NAMES},
    )
    protection_lifted: ProtectionLifted | None = Field(
        None, description="Present when state bucket and cluster may be destroyed."
    )

    @property
    def is_protected(self) -> bool:
        """Whether Terraform refuses to destroy the state bucket and the cluster."""
        return self.protection_lifted is None

    @property
    def labels(self) -> dict[str, str]:
        """On every cloud resource: what bills and clean-ups are sorted by."""
        return {"environment": self.name, "managed-by": "modelyard"}

    @property
    def state_bucket(self) -> str:
        """The state bucket's name; such names are global, so the project's is in it."""
        return f"{self.project_id}-{self.name}-state"

    def stack_id(self, part: str) -> str:
        """The id of a stack; the environment is in it, so that two never share a folder or a state."""
        return f"{self.name}-{part}"

    @model_validator(mode="after")
    def _zones_are_in_the_region(self) -> Self:
        strangers = [zone for zone in self.cluster.zones if not zone.startswith(f"{self.region}-")]
        if strangers:
            raise _contradiction(
                "cluster",
                "zones",
                given=self.cluster.zones,
                allowed=f"zones of region = {self.region}, which {', '.join(strangers)} is not",
                mend=f"name zones of the region, for example {self.region}-b, or change the region",
            )
        return self
