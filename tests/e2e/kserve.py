"""KServe on a real cluster: its controller built from its source, with the add-on's values."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard import waiting_job

import trustme
import yaml

from stacks.add_ons.kserve.values import VERSION, values
from tests.e2e.clusters import Cluster
from tests.e2e.go_modules import build, module_folder
from tests.e2e.local_cluster import kubectl, wait_until
from tests.e2e.node_images import load_image, load_program, on_the_nodes

Object = dict[str, Any]

NAMESPACE = "kserve"
CONTROLLER_IMAGE = f"docker.io/kserve/kserve-controller:{VERSION}"
STORAGE_IMAGE = f"docker.io/kserve/storage-initializer:{VERSION}"
_PROXY_IMAGE = "quay.io/brancz/kube-rbac-proxy:v0.18.0"
#: Module and version.
HELM = ("helm.sh/helm/v3", "v3.18.4")
# What cert-manager would make: a certificate for this name, and its authority in the webhooks' configurations.
_HOST = f"kserve-webhook-server-service.{NAMESPACE}.svc"
_SECRET = "kserve-webhook-server-cert"  # noqa: S105 - a name
# As KServe's own, without Kerberos, which needs a compiler.
_STORAGE = f"""
FROM python:3.11-slim
RUN pip install --no-cache-dir kserve-storage=={VERSION.removeprefix("v")}
COPY scripts /storage-initializer/scripts
RUN chmod +x /storage-initializer/scripts/initializer-entrypoint
USER 1000
ENTRYPOINT ["/storage-initializer/scripts/initializer-entrypoint"]
"""


def build_kserve(cache: Path) -> Path:
    """A folder with `manager`, `kube-rbac-proxy`, and KServe's `charts`; built on first use, in minutes.

    In `storage` is what the image of the storage initializer is built from.
    """
    folder = cache / f"kserve-{VERSION}"
    source = module_folder("github.com/kserve/kserve", VERSION)
    copies = {"charts": "charts", "storage/scripts": "python/storage-initializer/scripts"}
    for copy, original in copies.items():
        shutil.copytree(source / original, folder / copy, dirs_exist_ok=True, copy_function=shutil.copyfile)
    (folder / "storage" / "Dockerfile").write_text(_STORAGE)
    build(source, "./cmd/manager", folder / "manager")
    proxy, version = _PROXY_IMAGE.removeprefix("quay.io/").split(":")
    build(module_folder(f"github.com/{proxy}", version), "./cmd/kube-rbac-proxy", folder / "kube-rbac-proxy")
    build(module_folder(*HELM), "./cmd/helm", helm_program(folder))
    return folder


@contextmanager
def running_kserve(cluster: Cluster, built: Path, folder: Path) -> Iterator[None]:
    """KServe with its webhooks, as the add-on's charts install it but for cert-manager, until the block ends.

    Args:
        cluster: Where.
        built: What `build_kserve` has given.
        folder: For what is made on the way.
    """
    load_images(cluster, built)
    wait_for_no_other(cluster)
    kinds, others = rendered(built, "kserve-crd"), rendered(built, "kserve-resources", values())
    try:
        _apply(cluster, folder, [namespace(NAMESPACE), *kinds])
        wait_until("KServe's kinds are there", lambda: _knows(cluster, "clusterstoragecontainers.serving.kserve.io"))
        _apply(cluster, folder, _with_certificate(others))
        kubectl(cluster.kubeconfig, "rollout", "status", "-n", NAMESPACE, _CONTROLLER, "--timeout=55s")
        # The node learns of a ready pod's address a moment later.
        wait_until("KServe's webhooks answer", lambda: _takes(cluster, _RUNTIME))
        yield
    finally:
        _remove(cluster, folder, [*others, *kinds, namespace(NAMESPACE)])


_CONTROLLER = "deployment/kserve-controller-manager"
_RUNTIME = {
    "apiVersion": "serving.kserve.io/v1alpha1",
    "kind": "ClusterServingRuntime",
    "metadata": {"name": "nothing"},
    "spec": {"containers": [{"name": "kserve-container", "image": "localhost/nothing:1"}]},
}


def wait_for_no_other(cluster: Cluster) -> None:
    """A cluster has one KServe: who runs these tests at the same time, or has just ended, may have theirs on it."""
    wait_until("no KServe is on the cluster", lambda: not _knows(cluster, f"namespace/{NAMESPACE}"), seconds=600)


def load_images(cluster: Cluster, built: Path) -> None:
    """Brings KServe's images to the nodes, and `kubectl`'s, under the names that manifests have for them."""
    if not on_the_nodes(cluster, CONTROLLER_IMAGE):
        load_program(cluster, built / "manager", CONTROLLER_IMAGE, folder="/", user=65532)
    if not on_the_nodes(cluster, _PROXY_IMAGE):
        load_program(cluster, built / "kube-rbac-proxy", _PROXY_IMAGE, folder="/usr/local/bin", user=65532)
    if not on_the_nodes(cluster, STORAGE_IMAGE):
        load_image(cluster, built / "storage", STORAGE_IMAGE)
    if not on_the_nodes(cluster, waiting_job.IMAGE):
        load_program(cluster, Path(f"{shutil.which('kubectl')}"), waiting_job.IMAGE)


def rendered(built: Path, chart: str, values: Object | None = None) -> list[Object]:
    """What a chart makes of values."""
    command = [
        str(helm_program(built)),
        "template",
        chart,
        str(built / "charts" / chart),
        "--namespace",
        NAMESPACE,
        "--values",
        "-",
    ]
    done = subprocess.run(
        command, input=json.dumps(values or {}), capture_output=True, text=True, check=True, timeout=60
    )
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def helm_program(built: Path) -> Path:
    """Of the version that renders all charts of the tests."""
    return built.parent / "bin" / "helm"


def namespace(name: str) -> Object:
    """One that takes pods that keep to the strictest standard, as those of services and add-ons do."""
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


@dataclass(frozen=True)
class Certificate:
    """What cert-manager would make of the kinds of its own that KServe's chart has.

    Attributes:
        secret: For the controller.
        authority: For the webhooks' configurations, in PEM and base64.
    """

    secret: Object
    authority: str


def certificate() -> Certificate:
    """A new one."""
    authority = trustme.CA()
    issued = authority.issue_cert(_HOST)
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": _SECRET, "namespace": NAMESPACE},
        "stringData": {
            "tls.crt": b"".join(each.bytes() for each in issued.cert_chain_pems).decode(),
            "tls.key": issued.private_key_pem.bytes().decode(),
        },
    }
    return Certificate(secret, base64.b64encode(authority.cert_pem.bytes()).decode())


def _with_certificate(objects: list[Object]) -> list[Object]:
    made = certificate()
    for each in objects:
        for webhook in each.get("webhooks", []):
            webhook["clientConfig"]["caBundle"] = made.authority
    return [made.secret, *(each for each in objects if not each["apiVersion"].startswith("cert-manager.io/"))]


def _apply(cluster: Cluster, folder: Path, objects: list[Object]) -> None:
    command = ["apply", "--server-side", "--force-conflicts", "-f", str(_file(folder, objects))]
    kubectl(cluster.kubeconfig, *command)


def _knows(cluster: Cluster, what: str) -> bool:
    """Whether the API server gives objects of a kind, or one object."""
    command = ["kubectl", "--kubeconfig", cluster.kubeconfig, "get", what]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


def _takes(cluster: Cluster, given: Object) -> bool:
    """Whether the API server, with its webhooks, would take an object."""
    command = ["kubectl", "--kubeconfig", cluster.kubeconfig, "create", "--dry-run=server", "-f", "-"]
    done = subprocess.run(command, input=json.dumps(given), text=True, capture_output=True, timeout=60, check=False)
    return done.returncode == 0


def _remove(cluster: Cluster, folder: Path, objects: list[Object]) -> None:
    # Models first, while the controller is there to let them go.
    models = ["inferenceservices.serving.kserve.io", "--all", "--all-namespaces"]
    others = ["--ignore-not-found", "-f", str(_file(folder, objects))]
    for what in (models, others):
        command = ["kubectl", "--kubeconfig", cluster.kubeconfig, "delete", *what]
        subprocess.run(command, capture_output=True, timeout=180, check=False)


def _file(folder: Path, objects: list[Object]) -> Path:
    (file := folder / "objects.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    return file
