"""Argo Workflows on a real cluster, built from its source."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from stacks.add_ons.argo_workflows.values import EXECUTOR, VERSION
from tests.e2e.clusters import Cluster
from tests.e2e.go_modules import build, module_folder
from tests.e2e.local_cluster import kubectl
from tests.e2e.node_images import load_program

_MODULE = "github.com/argoproj/argo-workflows/v3"
_NAMESPACE = "argo-e2e"


@dataclass(frozen=True)
class Argo:
    """A controller that runs workflows of all namespaces.

    Attributes:
        program: The command line `argo`.
        kubeconfig: Of the cluster.
    """

    program: Path
    kubeconfig: str

    def run(self, *arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """`argo ARGUMENTS`, which may fail."""
        return subprocess.run(
            [self.program, *arguments],
            env={**os.environ, "KUBECONFIG": self.kubeconfig},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )


def build_argo(cache: Path) -> Path:
    """A folder with `argo`, `argoexec`, `workflow-controller` and Argo's manifests; built on first use, in minutes."""
    folder = cache / f"argo-workflows-{VERSION}"
    programs = ("argo", "argoexec", "workflow-controller")
    if all((folder / program).exists() for program in programs):
        return folder
    source = folder / "source"
    shutil.copytree(module_folder(_MODULE, VERSION), source, dirs_exist_ok=True, copy_function=shutil.copyfile)
    # A module's archive has neither symbolic links nor what Node would have built.
    signals = source / "workflow" / "executor" / "osspecific"
    shutil.copyfile(signals / "signal_darwin.go", signals / "signal_linux.go")
    page = source / "ui" / "dist" / "app" / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("built without its pages\n")
    shutil.copytree(source / "manifests", folder / "manifests", dirs_exist_ok=True)
    for program in programs:
        build(source, f"./cmd/{program}", folder / program, linked=f"-X {_MODULE}.version={VERSION}")
    shutil.rmtree(source)
    return folder


@contextmanager
def running_argo(cluster: Cluster, built: Path, folder: Path) -> Iterator[Argo]:
    """Argo's controller with its own manifests and rights, and the add-on's settings, until the block ends.

    Args:
        cluster: Where.
        built: What `build_argo` has given.
        folder: For what is made on the way.
    """
    for program in ("workflow-controller", "argoexec"):
        load_program(cluster, built / program, _image(program))
    installed = _manifests(built, folder)
    try:
        kubectl(cluster.kubeconfig, "apply", "--server-side", "-f", str(installed))
        deployment = "deployment/workflow-controller"
        kubectl(cluster.kubeconfig, "rollout", "status", "-n", _NAMESPACE, deployment, "--timeout=55s")
        yield Argo(built / "argo", cluster.kubeconfig)
    finally:
        command = ["kubectl", "--kubeconfig", cluster.kubeconfig, "delete", "--ignore-not-found", "-f", str(installed)]
        subprocess.run(command, capture_output=True, timeout=180, check=False)


def _image(program: str) -> str:
    return f"localhost/e2e/{program}:{VERSION}"


def _manifests(built: Path, folder: Path) -> Path:
    """Argo's own manifests and rights, with these images, and the settings of the add-on."""
    shutil.copytree(built / "manifests", folder / "manifests")
    (kustomization := folder / "kustomization").mkdir()
    executor = {**EXECUTOR, "image": _image("argoexec"), "imagePullPolicy": "IfNotPresent"}
    container = {
        "name": "workflow-controller",
        "image": _image("workflow-controller"),
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {"runAsUser": 8737},
    }
    files: dict[str, dict[str, Any]] = {
        "kustomization": {
            "namespace": _NAMESPACE,
            "resources": [
                "../manifests/base/crds/minimal",
                "../manifests/base/workflow-controller",
                "../manifests/cluster-install-no-crds/workflow-controller-rbac",
                "namespace.yaml",
            ],
            "patches": [{"path": "settings.yaml"}, {"path": "controller.yaml"}],
        },
        "namespace": _object("v1", "Namespace", _NAMESPACE),
        "settings": {
            **_object("v1", "ConfigMap", "workflow-controller-configmap"),
            "data": {"executor": yaml.dump(executor)},
        },
        "controller": {
            **_object("apps/v1", "Deployment", "workflow-controller"),
            "spec": {"template": {"spec": {"containers": [container]}}},
        },
    }
    for name, content in files.items():
        (kustomization / f"{name}.yaml").write_text(yaml.dump(content))
    command = ["kubectl", "kustomize", str(kustomization)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    (installed := folder / "installed.yaml").write_text(printed)
    return installed


def _object(api_version: str, kind: str, name: str) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}
