"""Images pushed to a real registry."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from modelyard.build_context import BuildContext

import pytest
import tomlkit
import urllib3

from tests.conftest import Command

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
    """A service that builds in no time, and its images' registry; gives the build context."""
    runtime = checkout / "services" / "image_classifier" / "runtime"
    (runtime / "Dockerfile").write_text(DOCKERFILE)
    file = checkout / "environments" / "local.toml"
    file.write_text(tomlkit.dumps(tomlkit.parse(file.read_text()) | {"registry": registry}))
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


def test_a_registry_that_does_not_answer_is_said_with_the_builders_words(
    checkout: Path, modelyard_command: Command, registry: str
) -> None:
    assert registry != "localhost:1"
    configure(checkout, "localhost:1")

    done = modelyard_command("images", "local", "--push", BUILDAH_ISOLATION="chroot")

    assert done.returncode == 1
    assert "connection refused" in done.stderr
    assert "Traceback" not in done.stderr
