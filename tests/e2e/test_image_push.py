"""Images pushed to a real registry."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from modelyard.build_context import BuildContext

import pytest
import tomlkit
import urllib3

from tests.conftest import Command, keep_only
from tests.e2e.conftest import Proof

CONFIGURATION = """version: 0.1
storage: {{inmemory: {{}}}}
http: {{addr: "{address}"}}
log: {{accesslog: {{disabled: true}}}}
"""


@pytest.fixture
def registry(image_registry: Path, tmp_path: Path) -> Iterator[str]:
    """A registry of this machine's own: its address."""
    if not shutil.which("buildah") and not shutil.which("docker"):
        pytest.skip("neither docker nor buildah: the push of images was not tried")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"localhost:{probe.getsockname()[1]}"
    file = tmp_path / "registry.yml"
    file.write_text(CONFIGURATION.format(address=address))
    with subprocess.Popen([image_registry, "serve", file], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as one:
        urllib3.PoolManager(retries=urllib3.Retry(20, backoff_factor=0.05)).request("GET", f"http://{address}/v2/")
        yield address
        one.terminate()


DOCKERFILE = "FROM scratch\nCOPY requirements.txt /\n"


def configure(checkout: Path, registry: str) -> Path:
    """One service that builds in no time, and its images' registry; gives the build context."""
    keep_only(checkout, "image_classifier")
    runtime = checkout / "services" / "image_classifier" / "runtime"
    (runtime / "Dockerfile").write_text(DOCKERFILE)
    file = checkout / "environments" / "local.toml"
    # A context of which nobody knows how to load images into its nodes.
    changed = {"registry": registry, "context": "nobodys-cluster"}
    file.write_text(tomlkit.dumps(tomlkit.parse(file.read_text()) | changed))
    return runtime


def test_an_image_is_pushed_under_the_name_that_the_deployment_uses(
    registry: str, checkout: Path, modelyard_command: Command
) -> None:
    runtime = configure(checkout, registry)

    done = modelyard_command("images", "local", "--push", BUILDAH_ISOLATION="chroot")

    context = BuildContext(folder=runtime, repository=f"{registry}/image-classifier")
    assert done.returncode == 0, done.stderr
    assert f"✓ {context.image}  built, pushed" in done.stdout
    listed = urllib3.request("GET", f"http://{registry}/v2/image-classifier/tags/list").json()
    assert listed == {"name": "image-classifier", "tags": [context.content_hash]}


def test_what_the_registry_has_is_neither_built_nor_pushed_again(
    registry: str, checkout: Path, modelyard_command: Command
) -> None:
    configure(checkout, registry)
    assert modelyard_command("images", "local", "--push", BUILDAH_ISOLATION="chroot").returncode == 0
    (checkout / ".images").rename(checkout / "images_of_another_machine")

    # Nothing here could build.
    done = modelyard_command("images", "local", "--push", DOCKER_HOST="tcp://127.0.0.1:1", STORAGE_DRIVER="none")

    assert done.returncode == 0, done.stderr
    assert "unchanged, in the registry already" in done.stdout
    assert not (checkout / ".images").exists()


def test_a_deploy_whose_images_are_missing_never_reaches_terraform(
    registry: str, checkout: Path, modelyard_command: Command, proof: Proof
) -> None:
    configure(checkout, registry)

    def cdktf(*arguments: str) -> str:
        program = str(checkout / "node_modules" / ".bin" / "cdktf")
        done = subprocess.run(
            [program, *arguments, "--auto-approve", "--skip-provider-lock"],
            cwd=checkout,
            # A cluster that nobody has: where images are no hindrance, Terraform says so.
            env={**os.environ, "MODELYARD_ENV": "local", "KUBECONFIG": str(checkout / "none")},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode != 0
        return done.stdout + done.stderr

    missing = cdktf("deploy", "*")
    assert "not built, or not where the nodes of local look" in missing
    assert "modelyard images local --push" in missing
    assert list(checkout.glob("cdktf.out/stacks/*/cdk.tf.json")) == []

    pushed = modelyard_command("images", "local", "--push", BUILDAH_ISOLATION="chroot")
    assert pushed.returncode == 0, pushed.stderr
    assert "not built" not in cdktf("deploy", "local-image-classifier")
    assert (checkout / "cdktf.out" / "stacks" / "local-image-classifier" / "cdk.tf.json").exists()
    proof("a deploy whose image is in no registry ends before Terraform; pushed, it goes on")


def test_a_registry_that_does_not_answer_is_said(checkout: Path, modelyard_command: Command, registry: str) -> None:
    assert registry != "localhost:1"
    configure(checkout, "localhost:1")

    done = modelyard_command("images", "local", "--push", BUILDAH_ISOLATION="chroot")

    assert done.returncode == 1
    assert "the registry localhost:1 does not answer: [Errno 111] Connection refused" in done.stderr
    assert "Traceback" not in done.stderr
