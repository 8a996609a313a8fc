"""Where Polyaxon's runs keep what they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from modelyard import ServiceScope, add_claim

from cdktf import ITerraformDependable

from stacks.platform import Platform

# The API reads what runs have made as the agent does.
_ACCOUNTS = {"agent_artifacts": "polyaxon-polyaxon-agent-sa", "run_artifacts": "polyaxon-polyaxon-runs-sa"}
_NAME = "polyaxon-artifacts"
# What Polyaxon calls stores that it uses by the pods' own identity, by the scheme of their locations. For Azure's it
# wants a client's secret beside the identity that AKS gives to pods.
_KEYLESS_KINDS = {"gs": "gcs"}


@dataclass(frozen=True)
class Artifacts:
    """A store that was added.

    Attributes:
        connection: How Polyaxon has it.
        grants: What must be there before Polyaxon can use it.
    """

    connection: Mapping[str, object]
    grants: Sequence[ITerraformDependable]


def add_artifacts(stack: ServiceScope, platform: Platform, *, namespace: str) -> Artifacts:
    """The environment's artifact store, where Polyaxon can use it without keys; else a volume."""
    url = platform.artifacts.url("polyaxon") if platform.artifacts.is_available else ""
    if kind := _KEYLESS_KINDS.get(urlsplit(url).scheme):
        return _bucket(stack, platform, namespace, kind=kind, url=url)
    return _volume(stack, platform, namespace)


def _bucket(stack: ServiceScope, platform: Platform, namespace: str, *, kind: str, url: str) -> Artifacts:
    granted = [
        platform.artifacts.grant(stack, id_, namespace=namespace, service_account=account, mode="write")
        for id_, account in _ACCOUNTS.items()
    ]
    return Artifacts(
        {"name": "artifacts", "kind": kind, "schema": {"bucket": url}},
        [grant for access in granted for grant in access.grants],
    )


def _volume(stack: ServiceScope, platform: Platform, namespace: str) -> Artifacts:
    claim = add_claim(
        stack,
        "artifacts",
        metadata={"name": _NAME, "namespace": namespace, "labels": stack.labels},
        size="10Gi",
        protected=platform.settings.is_protected,
    )
    schema = {"volumeClaim": claim.metadata.name, "mountPath": "/artifacts-store"}
    return Artifacts({"name": "artifacts", "kind": "volume_claim", "schema": schema}, [])
