"""Images for the nodes of a real cluster."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from images.builder import find_builder
from images.loader import load_command
from images.on_nodes import told_images
from tests.e2e.clusters import Cluster
from tests.e2e.local_cluster import kubectl


def build_image(context: Path, image: str) -> None:
    """Builds a folder's Dockerfile, for others that begin FROM it."""
    _run(find_builder().build_command(context, image, []))


def load_image(cluster: Cluster, context: Path, image: str) -> None:
    """Builds a folder's Dockerfile, and brings the image to the cluster's nodes."""
    build_image(context, image)
    node = kubectl(cluster.kubeconfig, "config", "current-context").strip()
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "image.tar"
        _run(find_builder().save_command(image, archive))
        if loads := load_command(node, cluster.image_loader, archive):
            _run(loads)


def _run(command: Sequence[str]) -> None:
    environment = {**os.environ, "BUILDAH_ISOLATION": "chroot"}
    subprocess.run(command, env=environment, capture_output=True, check=True, timeout=900)


def load_program(cluster: Cluster, program: Path, image: str, *, folder: str = "/bin", user: int = 0) -> None:
    """Makes an image of one static program, and brings it to the cluster's nodes.

    Args:
        cluster: Whose.
        program: Also what a container runs.
        image: Its name.
        folder: Where the program is in the image.
        user: Who runs it.
    """
    with tempfile.TemporaryDirectory() as context:
        shutil.copy(program, context)
        path = f"{folder.rstrip('/')}/{program.name}"
        dockerfile = f'FROM scratch\nCOPY {program.name} {path}\nUSER {user}\nENTRYPOINT ["{path}"]\n'
        (Path(context) / "Dockerfile").write_text(dockerfile)
        load_image(cluster, Path(context), image)


def on_the_nodes(cluster: Cluster, image: str) -> bool:
    """Whether all nodes tell of the image."""
    return all(image in node for node in told_images(kubectl(cluster.kubeconfig, "get", "nodes", "-o", "json")))
