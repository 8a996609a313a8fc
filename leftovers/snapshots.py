"""Snapshots of volumes, which stay when everything else goes: no sweep deletes them, and each lists them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modelyard.errors import ConfigurationError

from leftovers.clouds import azure_cloud, google_cloud
from leftovers.google_kinds import path_of
from leftovers.marks import CLAIM, KEPT, NAMESPACE
from leftovers.sweeping import DeletionError, GoneError, InUseError, Patience
from stacks.aks.settings import AksSettings
from stacks.gke.settings import GkeSettings
from stacks.settings import CloudSettings

if TYPE_CHECKING:
    from leftovers.azure_cloud import AzureCloud
    from leftovers.google_cloud import GoogleCloud

_PAUSE_SECONDS: Final = 5


@dataclass(frozen=True)
class Disk:
    """The disk behind a claim.

    Attributes:
        id: As the driver writes it into the PersistentVolume, `spec.csi.volumeHandle`: Google's path
            `projects/…/zones/…/disks/…`, Azure's resource id.
        namespace: The claim's.
        claim: The claim's name.
    """

    id: str
    namespace: str
    claim: str


def snapshot(
    settings: CloudSettings, disk: Disk, name: str, tell: Callable[[str], None], *, patience: Patience | None = None
) -> str:
    """Makes a snapshot of a disk and waits until it is ready. One of this name and disk that is there already does.

    Args:
        settings: The environment.
        disk: What is kept.
        name: Of the snapshot; a DNS label of at most 63 characters.
        tell: Is told what happens, a line at a time.
        patience: How long is waited for.

    Returns:
        Its id in the cloud.

    Raises:
        ConfigurationError: Nobody is logged in, the cloud refuses, another disk's snapshot has the name, or it takes
            too long: run again, it goes on waiting.
    """
    try:
        id_ = _kept(settings, disk, name, patience or Patience())
    except (DeletionError, InUseError, GoneError) as error:
        raise ConfigurationError(
            f"no snapshot {name} of {disk.namespace}/{disk.claim}: {error}",
            mend="mend what the cloud says; the command can be run again",
        ) from error
    tell(f"kept: snapshot {name} of {disk.namespace}/{disk.claim}")
    return id_


def _kept(settings: CloudSettings, disk: Disk, name: str, patience: Patience) -> str:
    if isinstance(settings, GkeSettings):
        return _on_google(google_cloud(settings), settings, disk, name, patience)
    if isinstance(settings, AksSettings):
        return _on_azure(azure_cloud(settings), settings, disk, name, patience)
    raise ConfigurationError(f"no cloud is known here for {settings.name}", mend="name an environment on gke or aks")


def _labels(settings: CloudSettings, disk: Disk) -> dict[str, str]:
    # Google's labels have no dots, which names of claims may have.
    claim = disk.claim.replace(".", "_")[:63]
    return {**settings.labels, KEPT: "true", NAMESPACE: disk.namespace, CLAIM: claim}


def _on_google(cloud: "GoogleCloud", settings: CloudSettings, disk: Disk, name: str, patience: Patience) -> str:
    until = time.monotonic() + patience.deletion_seconds
    if cloud.get("snapshots", snapshot=name) is None:
        body = {"name": name, "sourceDisk": disk.id, "labels": _labels(settings, disk)}
        cloud.wait(cloud.make("snapshots", body=body), patience.deletion_seconds)
    while True:
        found = cloud.get("snapshots", snapshot=name)
        if found is None:
            raise GoneError("it has gone again")
        _check_disk(path_of(found.get("sourceDisk", "")), disk, name)
        if found["status"] == "READY":
            return path_of(found["selfLink"])
        if found["status"] == "FAILED":
            raise DeletionError("Google says that it failed; delete it by hand")
        if time.monotonic() > until:
            raise DeletionError(f"not ready after {patience.deletion_seconds:.0f} s")
        time.sleep(min(_PAUSE_SECONDS, patience.pause_seconds))


def _on_azure(cloud: "AzureCloud", settings: CloudSettings, disk: Disk, name: str, patience: Patience) -> str:
    made = cloud.snapshot(
        f"{settings.name}-kept", disk.id, name, tags=_labels(settings, disk), seconds=patience.deletion_seconds
    )
    _check_disk(str(made["properties"]["creationData"]["sourceResourceId"]), disk, name)
    return str(made["id"])


def _check_disk(source: str, disk: Disk, name: str) -> None:
    if source.lower() != disk.id.lower():
        raise ConfigurationError(
            f"the snapshot {name} is of another disk: {source}", mend="delete it, or give this one another name"
        )
