"""The disks of an environment, by its Terraform states: what people have saved goes with them."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.errors import ConfigurationError

import typer

from commands.cluster_stacks import cluster_stacks
from terraform_cli.call import terraform

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


def kept_volumes(environment: str) -> list[KeptVolume]:
    """The disks in the states of an environment's services and add-ons.

    Raises:
        ConfigurationError: Something cannot be deployed.
        TerraformError: A state cannot be read.
    """
    return [volume for folder in cluster_stacks(environment) for volume in _read(folder)]


def confirm_deletion(volumes: Sequence[KeptVolume], *, confirmed: bool) -> None:
    """Asks for each disk whether it may go.

    Args:
        volumes: What is about to be deleted.
        confirmed: Whether somebody has said so already.

    Raises:
        ConfigurationError: Nobody is there to be asked.
        typer.Abort: One has to stay.
    """
    if confirmed or not volumes:
        return
    if not sys.stdin.isatty():
        commands = [f"`{command}`" for command in (each.save_command for each in volumes) if command]
        save = f"save it ({', '.join(commands)}), then " if commands else ""
        raise ConfigurationError(
            f"deletes what people saved on {', '.join(map(str, volumes))}", mend=f"{save}add --volumes"
        )
    for each in volumes:
        typer.confirm(f"delete the volume {each}, with what people saved on it?", abort=True)


def volumes_in(state: dict[str, Any], configuration: dict[str, Any]) -> Iterator[KeptVolume]:
    """The disks in one state, held against the stack's synthesised configuration."""
    declared = configuration.get("resource", {}).get(_CLAIM, {})
    for resource in state.get("resources", []):
        if (resource["mode"], resource["type"]) == ("managed", _CLAIM):
            for instance in resource["instances"]:
                yield _volume(instance["attributes"], is_declared=resource["name"] in declared)


def _read(folder: Path) -> Iterator[KeptVolume]:
    terraform(folder, {}, "init", "-input=false", timeout=None)
    pulled = terraform(folder, {}, "state", "pull", timeout=None)
    configuration = json.loads((folder / "cdk.tf.json").read_text())
    return volumes_in(json.loads(pulled) if pulled.strip() else {}, configuration)


def _volume(claim: dict[str, Any], *, is_declared: bool) -> KeptVolume:
    (metadata,), (spec,) = claim["metadata"], claim["spec"]
    return KeptVolume(
        namespace=metadata["namespace"],
        name=metadata["name"],
        size=spec["resources"][0]["requests"]["storage"],
        path=(metadata["annotations"] or {}).get(_PATH_ANNOTATION),
        is_declared=is_declared,
    )
