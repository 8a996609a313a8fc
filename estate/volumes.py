"""The disks that Terraform has made for an environment, by its states."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modelyard.errors import ConfigurationError

_CLAIM = "kubernetes_persistent_volume_claim_v1"
# `modelyard.volume` writes it; importing that would start CDKTF.
_PATH_ANNOTATION = "modelyard/path"


@dataclass(frozen=True)
class KeptVolume:
    """A disk that Terraform has made.

    Attributes:
        namespace: Of its claim.
        name: Of its claim, and of the Deployment that mounts it, if `path` is given.
        size: As it was asked for, for example `10Gi`.
        path: Where the pods of the Deployment have it; None where no Deployment of ours mounts it.
        is_declared: Whether the service still wants it: otherwise the next deploy deletes it.
    """

    namespace: str
    name: str
    size: str
    path: str | None
    is_declared: bool

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name} ({self.size})"

    @property
    def save_command(self) -> str | None:
        """What brings its content here, where a Deployment of ours mounts it."""
        if self.path is None:
            return None
        pod = f"kubectl exec --namespace {self.namespace} deployment/{self.name}"
        return f"{pod} -- tar --create --exclude ./lost+found --directory {self.path} . > {self.name}.tar"


def volumes_in(state: Mapping[str, Any], configuration: Mapping[str, Any]) -> Iterator[KeptVolume]:
    """The disks in one state, held against the stack's synthesised configuration.

    Raises:
        ConfigurationError: A claim in the state is not as Terraform keeps it.
    """
    declared = configuration.get("resource", {}).get(_CLAIM, {})
    for resource in state.get("resources") or []:
        if (resource["mode"], resource["type"]) == ("managed", _CLAIM):
            for instance in resource["instances"]:
                yield _volume(instance.get("attributes") or {}, is_declared=resource["name"] in declared)


def _volume(claim: Mapping[str, Any], *, is_declared: bool) -> KeptVolume:
    try:
        (metadata,), (spec,) = claim["metadata"], claim["spec"]
        return KeptVolume(
            namespace=str(metadata["namespace"]),
            name=str(metadata["name"]),
            size=str(spec["resources"][0]["requests"]["storage"]),
            path=(metadata.get("annotations") or {}).get(_PATH_ANNOTATION),
            is_declared=is_declared,
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(
            f"a state holds a {_CLAIM} without namespace, name or size: {json.dumps(claim)[:200]}",
            mend="bring back an older version: docs/state.md, An older version",
        ) from error
