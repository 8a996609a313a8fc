"""Volumes for claims on a cluster that makes none by itself."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.local_cluster import kubectl


@contextmanager
def disk(kubeconfig: str, folder: Path, *, namespace: str, claim: str, size: str = "10Gi") -> Iterator[None]:
    """What the claim is bound to until the block ends, unless the cluster has a storage class.

    Args:
        kubeconfig: Of the cluster.
        folder: An empty one, which keeps what pods write.
        namespace: Of the claim.
        claim: Its name.
        size: At least what the claim asks for.
    """
    if kubectl(kubeconfig, "get", "storageclasses", "-o", "name"):
        yield
        return
    # Kubernetes gives folders of a node to no group, as it does with a cloud's disks; a new one has this in it.
    (folder / "lost+found").mkdir(mode=0o700)
    folder.chmod(0o777)
    for parent in folder.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"e2e-{namespace}-{claim}"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": size},
            "claimRef": {"namespace": namespace, "name": claim},
            "hostPath": {"path": str(folder)},
            "persistentVolumeReclaimPolicy": "Retain",
        },
    }
    (file := folder.parent / f"{folder.name}.json").write_text(json.dumps(volume))
    kubectl(kubeconfig, "apply", "-f", str(file))
    try:
        yield
    finally:
        kubectl(kubeconfig, "delete", "-f", str(file), "--wait=false")
