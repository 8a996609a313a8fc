"""A disk that outlives the pods that write to it."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelyard.quantities import mebibytes

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_kubernetes import persistent_volume_claim_v1 as k8s
from constructs import Construct

#: The annotation that says where the pods mount it: `modelyard teardown` names the folder to save before it goes.
PATH_ANNOTATION = "modelyard/path"


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A disk for one pod, of the cluster's default storage class.

    Attributes:
        path: Where the program finds it, for example `/home/notebook`.
        size: A Kubernetes quantity. Larger is a change in place; smaller is refused by Kubernetes.
        protected: Whether Terraform refuses to destroy it.

    Raises:
        ConfigurationError: The size is no quantity.
    """

    path: str
    size: str
    protected: bool

    def __post_init__(self) -> None:
        mebibytes(self.size)


def add_claim(
    scope: Construct, id_: str, *, metadata: Mapping[str, object], size: str, protected: bool, path: str | None = None
) -> k8s.PersistentVolumeClaimV1:
    """A claim, whose disk Terraform knows: `modelyard teardown` asks before it goes.

    Args:
        scope: The construct that it is part of.
        id_: The construct's id.
        metadata: Name, namespace and labels.
        size: A Kubernetes quantity.
        protected: Whether Terraform refuses to destroy it.
        path: Where the Deployment of the same name mounts it, whose files can be saved from there.
    """
    return k8s.PersistentVolumeClaimV1(
        scope,
        id_,
        metadata=k8s.PersistentVolumeClaimV1Metadata(
            **metadata,  # type: ignore[arg-type]  # name, namespace, labels
            annotations={PATH_ANNOTATION: path} if path else None,
        ),
        spec=k8s.PersistentVolumeClaimV1Spec(
            # The one mode that every cloud's default disks have.
            access_modes=["ReadWriteOnce"],
            resources=k8s.PersistentVolumeClaimV1SpecResources(requests={"storage": size}),
        ),
        # The usual class makes the disk where the pod is, which comes after the claim.
        wait_until_bound=False,
        lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if protected else None,
    )
