"""docs/tour.md in a fresh clone, set up as it says, from the first rehearsal to a real cluster and away again."""

import json
import os
import subprocess
from pathlib import Path

from stacks.paths import ROOT
from tests.docs.blocks import blocks_of
from tests.docs.session import newcomer, run, steps_of
from tests.e2e.clusters import Cluster
from tests.e2e.conftest import Proof

TOUR = "docs/tour.md"


def test_the_tour_as_written(
    cluster: Cluster, base_images: None, real_providers: dict[str, str], tmp_path: Path, proof: Proof
) -> None:
    clone, scratch = tmp_path / "clone", tmp_path / "session"
    scratch.mkdir()
    git = ["git", "-c", "user.name=ada", "-c", "user.email=ada@example.com"]
    subprocess.run([*git, "clone", "--quiet", str(ROOT), str(clone)], check=True, timeout=60)
    if cluster.image_loader:
        # What the tour says of a cluster that is none of the known ones.
        file = clone / "environments" / "local.toml"
        head, registry, rest = file.read_text().partition("registry = ")
        file.write_text(f"{head}image_loader = {json.dumps(cluster.image_loader)}\n{registry}{rest}")
        subprocess.run(
            [*git, "commit", "--quiet", "--all", "--message", "our nodes"], cwd=clone, check=True, timeout=60
        )
    steps = steps_of([block for block in blocks_of(TOUR) if block.is_commands])

    printed = run(steps, clone, _with_a_cluster(cluster, real_providers), scratch, seconds=2400)

    assert "setting up Python" in printed
    left = subprocess.run(
        ["git", "status", "--short"], cwd=clone, capture_output=True, text=True, check=True, timeout=60
    )
    assert left.stdout == ""
    shown = sum(step.expected is not None for step in steps)
    proof(
        f"a fresh clone, {TOUR} as written: {len(steps)} commands, the output of {shown} as shown; the clone is clean"
    )


def _with_a_cluster(cluster: Cluster, real_providers: dict[str, str]) -> dict[str, str]:
    """A newcomer's variables, with a cluster; nothing of this checkout is found in them."""
    variables = newcomer({name: value for name, value in os.environ.items() if name != "PYTHONPATH"})
    # No user namespaces for buildah, and perhaps no registry to ask for providers' checksums.
    node = {"KUBECONFIG": cluster.kubeconfig, "BUILDAH_ISOLATION": "chroot", "CDKTF_SKIP_PROVIDER_LOCK": "true"}
    return variables | real_providers | node
