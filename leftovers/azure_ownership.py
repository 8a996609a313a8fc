"""What on Azure is provably an environment's.

Its tags are on all that Terraform makes, and AKS copies them from cluster and pools to most of what it makes itself. It
makes it in a resource group that says which cluster manages it: that proves the rest, disks for example, whatever the
group is called.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from leftovers import azure_kinds as kinds

_GROUP: Final = re.compile(r"(/subscriptions/[^/]+/resourcegroups/[^/]+)(/.*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Group:
    """A resource group.

    Attributes:
        id: Its resource id.
        name: Its name.
        location: The region that it is in.
        managed_by: The resource id of what makes and deletes it; None for a person's.
        tags: Its tags.
    """

    id: str
    name: str
    location: str
    managed_by: str | None
    tags: Mapping[str, str]


class Ownership:
    """Which resources of a subscription are an environment's, and why.

    Args:
        environment: Its name, which is its cluster's and its workspace's.
        tags: On all of it that Terraform makes.
        cluster_id: The cluster's resource id, whether it is there or not.
        groups: All resource groups of the subscription.
    """

    def __init__(self, *, environment: str, tags: Mapping[str, str], cluster_id: str, groups: Iterable[Group]) -> None:
        self._tags = tags
        self._workspace = environment
        groups = list(groups)
        # Azure minds no capitals in ids, and writes them now this way and now that.
        self._cluster_id = cluster_id.lower()
        self.node_groups = [
            each
            for each in groups
            if (each.managed_by or "").lower() == self._cluster_id and not self._is_anothers(each.tags)
        ]
        own = group_of(cluster_id)
        self.cluster_groups = [each for each in groups if each.id.lower() == own and self._has_tags(each.tags)]

    def why(self, id_: str, type_: str, tags: Mapping[str, str]) -> str | None:
        """What proves that a resource is ours; None if nothing does.

        Args:
            id_: Its resource id.
            type_: Its type.
            tags: Its tags.
        """
        if self._is_anothers(tags):
            return None
        if self._has_tags(tags):
            return self.tags_in_words
        group = group_of(id_)
        for each in self.node_groups:
            if each.id.lower() == group:
                return f"in {each.name}, which AKS made for the cluster"
        for each in self.cluster_groups:
            is_solution = type_.lower() == kinds.SOLUTION.type.lower() and id_.endswith(f"({self._workspace})")
            if each.id.lower() == group and is_solution:
                return f"of the log workspace {self._workspace}, in {each.name}"
        return None

    def is_deleted_workspace(self, id_: str, tags: Mapping[str, str]) -> bool:
        """Whether a workspace in Azure's bin was in the cluster's group, under the environment's name."""
        own = f"{group_of(self._cluster_id)}/providers/{kinds.WORKSPACE.type}/{self._workspace}"
        return id_.lower() == own.lower() and not self._is_anothers(tags)

    @property
    def tags_in_words(self) -> str:
        """The environment's tags."""
        return ", ".join(f"{key}={value}" for key, value in self._tags.items())

    def _has_tags(self, tags: Mapping[str, str]) -> bool:
        return self._tags.items() <= _lower(tags).items()

    def _is_anothers(self, tags: Mapping[str, str]) -> bool:
        return any(_lower(tags).get(key, value) != value for key, value in self._tags.items())


def group_of(id_: str) -> str:
    """The id of the resource group that a resource is in, in small letters; empty if it is in none."""
    found = _GROUP.fullmatch(id_)
    return found[1].lower() if found else ""


def _lower(tags: Mapping[str, str]) -> dict[str, str]:
    # The names of tags mind no capitals, their values do.
    return {key.lower(): value for key, value in tags.items()}
