"""A saved model, brought to a namespace and served there."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from modelyard.errors import ConfigurationError
from modelyard.quantities import millicores
from modelyard.serving import model_store
from modelyard.serving.cluster import ApiError, Cluster, Object
from modelyard.serving.destination import Destination
from modelyard.serving.endpoint import Endpoint
from modelyard.serving.libraries import check_libraries
from modelyard.serving.manifest import (
    COLUMNS_ANNOTATION,
    FRAMEWORK_LABEL,
    REVISION_LABEL,
    VERSION_LABEL,
    inference_service,
)
from modelyard.serving.model_format import ModelFormat
from modelyard.serving.progress import Progress
from modelyard.serving.rollout import Rollout, deployment_name

MANAGED_BY = "modelyard-serve"


class SavedModel(Protocol):
    """What `modelyard.serving.formats.save` gives."""

    @property
    def folder(self) -> Path:
        """Holds model.json and the model's file."""

    @property
    def format(self) -> ModelFormat:
        """Says the runtime's loader."""

    @property
    def framework(self) -> str:
        """The model's own."""

    @property
    def libraries(self) -> Mapping[str, str]:
        """Name on PyPI to version."""

    @property
    def version(self) -> str:
        """By the files' content."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """Of what serves the model.

    Attributes:
        cpu: Requested, for each replica; the limit is a whole CPU, or this if it is more.
        memory: Requested, and its limit.
        replicas: How many.
    """

    cpu: str
    memory: str
    replicas: int


def deploy(
    saved: SavedModel,
    *,
    cluster: Cluster,
    destination: Destination,
    name: str,
    size: Size,
    timeout_seconds: float,
    progress: Progress,
) -> Endpoint:
    """Uploads a saved model, and has KServe serve it; returns when it does.

    The same model with the same size changes nothing. One that fails leaves its predecessor answering.

    Raises:
        ConfigurationError: With what the cluster or the store says.
    """
    manifest = _manifest(saved, destination, name, size)
    check_libraries(cluster, saved.libraries)
    former = cluster.get("inferenceservices", name, destination.namespace)
    _check_ours(former, name, destination.namespace)
    sent = model_store.upload(cluster, destination, saved.folder, f"{name}/{saved.version}")
    progress.done(f"uploaded {_bytes(sent)} to {destination.models}" if sent else "the store has this version already")
    applied = _apply(cluster, destination.namespace, manifest)
    rollout = Rollout(
        cluster=cluster,
        namespace=destination.namespace,
        name=name,
        revision=manifest["metadata"]["labels"][REVISION_LABEL],
        replicas=size.replicas,
    )
    try:
        service = rollout.wait(timeout_seconds, progress)
    except ConfigurationError as error:
        raise _with_former(error, cluster, former, applied) from error
    endpoint = Endpoint(cluster, service, destination)
    progress.done(f"{name} answers at {endpoint.url}")
    return endpoint


def _manifest(saved: SavedModel, destination: Destination, name: str, size: Size) -> Object:
    labels = {
        "app.kubernetes.io/managed-by": MANAGED_BY,
        VERSION_LABEL: saved.version,
        FRAMEWORK_LABEL: saved.framework,
    }
    given: dict[str, Any] = {
        "name": name,
        "model_format": saved.format,
        "storage_uri": f"{destination.storage}/{name}/{saved.version}",
        "service_account": destination.service_account,
        "requests": {"cpu": size.cpu, "memory": size.memory},
        "limits": {"cpu": _cpu_limit(size.cpu), "memory": size.memory},
        "pod_labels": destination.pod_labels,
    }
    # Not of the replicas: more of the same are no reason to replace pods.
    content = json.dumps(inference_service(**given, labels=labels), sort_keys=True)
    revision = hashlib.sha256(content.encode()).hexdigest()[:12]
    manifest = inference_service(**given, replicas=size.replicas, labels={**labels, REVISION_LABEL: revision})
    described = json.loads((saved.folder / model_store.MARK).read_text(encoding="utf-8"))
    if columns := described["inputs"][0].get("columns"):
        manifest["metadata"]["annotations"][COLUMNS_ANNOTATION] = json.dumps(columns)
    return manifest


def _cpu_limit(cpu: str) -> str:
    return cpu if millicores(cpu) > 1000 else "1"


def _check_ours(existing: Object | None, name: str, namespace: str) -> None:
    if existing is None:
        return
    if existing["metadata"].get("deletionTimestamp"):
        raise ConfigurationError(f"{name!r} in {namespace!r} is being deleted", mend="wait a moment, and call again")
    manager = existing["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by", "")
    if manager != MANAGED_BY:
        others = {
            each["manager"] for each in existing["metadata"].get("managedFields", []) if not each.get("subresource")
        }
        by = manager or ", ".join(sorted(others - {"manager"})) or "others"
        raise ConfigurationError(
            f"{name!r} in {namespace!r} is there already, and {by} looks after it",
            mend="serve yours under another name: name='…'",
        )


def _apply(cluster: Cluster, namespace: str, manifest: Object) -> Object:
    name = manifest["metadata"]["name"]
    try:
        return cluster.apply("inferenceservices", namespace, manifest)
    except ApiError as error:
        if error.status == 409:
            raise ConfigurationError(
                f"somebody has changed {name!r} in {namespace!r} by hand: {error.said}",
                mend=f"take that back, or delete it: kubectl delete inferenceservice {name} --namespace {namespace}",
            ) from error
        if "failed calling webhook" in error.said:
            raise ConfigurationError(
                f"KServe does not answer: {error.said}",
                mend="look at `kubectl get pods --namespace kserve`, and call again once they are ready",
            ) from error
        if "denied the request" in error.said:
            raise ConfigurationError(
                f"KServe refuses {name!r}: {error.said.partition('denied the request: ')[2]}", mend="mend what it says"
            ) from error
        raise


def _with_former(
    error: ConfigurationError, cluster: Cluster, former: Object | None, applied: Object
) -> ConfigurationError:
    """The same, with what answers meanwhile."""
    if former is None or former["metadata"]["uid"] != applied["metadata"]["uid"]:
        return error
    metadata = former["metadata"]
    deployment = cluster.get("deployments", deployment_name(metadata["name"]), metadata["namespace"]) or {}
    answering = deployment.get("status", {}).get("availableReplicas", 0)
    version = metadata["labels"][VERSION_LABEL]
    if not answering or version == applied["metadata"]["labels"][VERSION_LABEL]:
        return error
    return ConfigurationError(f"{error.what}; version {version} goes on answering", mend=error.mend)


def _bytes(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 1e5 else f"{number / 1e3:.1f} kB"
