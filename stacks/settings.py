"""What one environment is: the keys of `environments/<name>.toml` that it has in every cloud.

A cloud's own keys stand in its folder, `stacks/<cloud>/settings.py`. Each key has a description with its unit, and an
example, which an error shows as the mend (see `environments.py`).
"""

import datetime
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from stacks.setting_types import Access, Moment, PublicAccess, Section, contradiction, form

# GitHub's numbers have ten digits; JSON carries this many in every language.
_LARGEST_ID = 999_999_999_999_999
#: The label or tag that says when the environment's lease ends.
LEASE_LABEL = "expires-at"


class ProtectionLifted(Section):
    """The record that somebody took the protection off; `modelyard protection lift` writes it."""

    on: datetime.date = Field(description="The day it was lifted.", examples=[datetime.date(2026, 11, 20)])
    by: str = Field(min_length=1, description="Who lifted it.", examples=["ada@example.com"])
    reason: str = Field(min_length=1, description="Why it may go.", examples=["development: torn down every evening"])


class Suspended(Section):
    """The record that somebody put the environment to sleep; `modelyard suspend` writes it."""

    on: datetime.date = Field(description="The day it was suspended.", examples=[datetime.date(2026, 11, 20)])
    by: str = Field(min_length=1, description="Who did it.", examples=["ada@example.com"])


class StateSettings(Section):
    """Where Terraform's state is kept."""

    keep_versions_days: int = Field(
        90, ge=1, le=365, description="How long a replaced state can be brought back, in days.", examples=[90]
    )
    own_state: Literal["local", "remote"] = Field(
        "local",
        description="Where the state store's own state is: local until `modelyard state move` has moved it there.",
        examples=["local"],
    )


class GithubSettings(Section):
    """The GitHub repository whose workflows act in the cloud; `modelyard identities` writes it."""

    repository: Annotated[
        str, form("^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$", "OWNER/NAME, written as GitHub writes it")
    ] = Field(description="Its name.", examples=["acme/models"])
    repository_id: int = Field(
        ge=1, le=_LARGEST_ID, description="Its number, which no other repository ever gets.", examples=[821093847]
    )
    repository_owner_id: int = Field(
        ge=1, le=_LARGEST_ID, description="The number of the user or organisation that owns it.", examples=[5544123]
    )

    @property
    def subject(self) -> str:
        """What the subject of every token that GitHub gives to its workflows begins with; the numbers are in it.

        Source: https://docs.github.com/actions/reference/security/oidc#immutable-subject-claims
        """
        owner, _, name = self.repository.partition("/")
        return f"repo:{owner}@{self.repository_owner_id}/{name}@{self.repository_id}"


class NodePoolSettings(Section):
    """The machines of the cluster."""

    min_nodes: int = Field(1, ge=1, le=1000, description="Nodes over all zones, at least.", examples=[1])
    max_nodes: int = Field(6, ge=1, le=1000, description="Nodes over all zones, at most.", examples=[6])
    disk_gigabytes: int = Field(50, ge=30, le=2000, description="Boot disk of each node, in GB.", examples=[50])

    @model_validator(mode="after")
    def _min_is_not_above_max(self) -> Self:
        if self.min_nodes > self.max_nodes:
            raise contradiction(
                "min_nodes",
                given=self.min_nodes,
                allowed=f"at most max_nodes, which is {self.max_nodes}",
                mend=f"write min_nodes = {self.max_nodes} or less, or max_nodes = {self.min_nodes} or more",
            )
        return self


class ClusterSettings(Section):
    """The cluster."""

    control_plane_ranges: PublicAccess = Field(
        description="Who may reach the Kubernetes API.", examples=[["203.0.113.0/24"]]
    )
    maintenance_start: Annotated[str, form("^([01][0-9]|2[0-3]):[0-5][0-9]$", "HH:MM from 00:00 to 23:59")] = Field(
        "03:00",
        description="When the windows of four hours for upgrades begin, HH:MM in UTC.",
        examples=["03:00"],
    )


class ServiceSettings(Section):
    """What an environment says of one service; what is left out comes from the environment or the service."""

    # A service with keys of its own derives from this class in its folder: see service_settings.py.

    replicas: int = Field(1, ge=1, le=1000, description="Pods of the service.", examples=[2])
    source_ranges: Access | None = Field(
        None, description="Who may reach this service, instead of the environment's.", examples=[["203.0.113.0/24"]]
    )


class AddOnSettings(Section):
    """What an environment says of one add-on."""

    # An add-on with keys of its own derives from this class in its folder: see add_ons/__init__.py.

    deployed: bool = Field(
        True,
        description="Whether it comes with the services that require it; false if the cluster has it already or does "
        "without. Destroy one that runs before you write that.",
        examples=[False],
    )


class AddOnsSettings(Section):
    """Settings of single add-ons, by their name."""

    # The folders of add_ons/ give the keys: see add_ons/__init__.py.

    def of(self, name: str) -> AddOnSettings:
        """Those of an add-on that there is."""
        settings: AddOnSettings = getattr(self, name)
        return settings


class Settings(Section):
    """One environment, in a cloud or on a cluster that is there already."""

    name: SkipJsonSchema[str] = Field(exclude=True, description="The file's name, which is no key of the file.")
    cloud: str = Field(description="Which cloud it is in.")
    source_ranges: Access = Field(
        description="Who may reach the services: networks, internal (the private network) or world (everybody).",
        examples=[["203.0.113.0/24"]],
    )
    services: dict[str, ServiceSettings] = Field(
        {}, description="Settings of single services, by their Kubernetes name."
    )
    add_ons: AddOnsSettings = Field(AddOnsSettings(), description="Settings of single add-ons, by their name.")
    suspended: Suspended | None = Field(
        None, description="Present while nothing runs in it, until `modelyard resume`; a deploy leaves it asleep."
    )

    @property
    def is_protected(self) -> bool:
        """Whether Terraform refuses to destroy what cannot be made again; nothing is, outside of clouds."""
        return False

    @property
    def has_workflows(self) -> bool:
        """Whether workflows of a GitHub repository may act in it, with identities of their own."""
        return False

    def stack_id(self, part: str) -> str:
        """The id of a stack; the environment is in it, so that two never share a folder or a state."""
        return f"{self.name}-{part}"


class CloudSettings(Settings):
    """One environment in a cloud, which keeps its state there."""

    #: The Terraform provider that makes the cloud's own resources.
    provider: ClassVar[str]
    monthly_cap_usd: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="What a month may cost at most, in USD at list prices: `modelyard cost` fails above it.",
        examples=[250],
    )
    expires_at: Moment | None = Field(
        None,
        description="When its lease ends, after which a workflow tears it down, if it is not protected; "
        "`modelyard lease` writes it.",
        examples=[datetime.datetime(2026, 11, 22, 18, tzinfo=datetime.UTC)],
    )
    state: StateSettings = Field(StateSettings(), description="Where Terraform's state is kept.")
    protection_lifted: ProtectionLifted | None = Field(
        None, description="Present when state store, artifacts and cluster may be destroyed."
    )
    github: GithubSettings | None = Field(
        None, description="Present when workflows of a GitHub repository may act in the environment."
    )

    @property
    def is_protected(self) -> bool:
        """Whether Terraform refuses to destroy state store, artifacts and cluster."""
        return self.protection_lifted is None

    @property
    def has_workflows(self) -> bool:
        """Whether its file names a repository."""
        return self.github is not None

    @property
    def labels(self) -> dict[str, str]:
        """On every cloud resource: what bills and clean-ups are sorted by, and until when it is wanted."""
        # Google allows lower-case letters, digits, dashes and underscores in a value.
        lease = {LEASE_LABEL: f"{self.expires_at:%Y-%m-%dt%H-%Mz}"} if self.expires_at else {}
        return {"environment": self.name, "managed-by": "modelyard", **lease}
