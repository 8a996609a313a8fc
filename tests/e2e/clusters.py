"""A real Kubernetes node for the tests: a lab's, else one of kind."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_KIND = "modelyard-e2e"


@dataclass(frozen=True)
class Cluster:
    """A running cluster.

    Attributes:
        kubeconfig: The file, whose context is the cluster.
        image_loader: What the environment's setting of that name has to be.
        lab: Whether it is a lab's, which needs no internet.
    """

    kubeconfig: str
    image_loader: list[str]
    lab: bool


@contextmanager
def lab_cluster(lab: Path) -> Iterator[Cluster]:
    """The lab's node; one that runs already is used, and left running."""
    script = str(lab / "cluster.sh")
    was_up = "apiserver: up" in _run(script, "status", check=False)
    # Again if it fails: its kubelet ends when containerd, with many images, is not ready for it in time.
    exported = (_run(script, "up", check=False) or _run(script, "up")).strip().splitlines()[-1]
    yield Cluster(exported.removeprefix("export KUBECONFIG="), [script, "load"], lab=True)
    if not was_up:
        _run(script, "down")


@contextmanager
def kind_cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster of kind with addresses for its LoadBalancers; one of that name is used, and left running."""
    kubeconfig = str(folder / "kubeconfig")
    was_up = _KIND in _run("kind", "get", "clusters").split()
    if was_up:
        _run("kind", "export", "kubeconfig", "--name", _KIND, "--kubeconfig", kubeconfig)
    else:
        _run("kind", "create", "cluster", "--name", _KIND, "--kubeconfig", kubeconfig, "--wait", "180s")
    with (folder / "cloud-provider-kind.log").open("w") as log:
        provider = subprocess.Popen(["cloud-provider-kind"], stdout=log, stderr=subprocess.STDOUT)
    try:
        yield Cluster(kubeconfig, [], lab=False)
    finally:
        provider.terminate()
        provider.wait(60)
        if not was_up:
            _run("kind", "delete", "cluster", "--name", _KIND)


def _run(*command: str, check: bool = True) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=check, timeout=900).stdout
