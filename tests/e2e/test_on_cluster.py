"""The image classifier on a real cluster: built from its Dockerfile, applied by the real Kubernetes provider."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from modelyard.build_context import BuildContext

import pytest
import tomlkit
import urllib3

from comparison.terraform import terraform
from main import build_app
from services.image_classifier.tests.alexnet import random_weights, write_checkpoint
from services.image_classifier.tests.image_host import image_host
from services.image_classifier.tests.pictures import encoded, picture
from stacks.environments import load_settings
from tests.conftest import Command


@pytest.fixture(scope="module")
def kubeconfig(lab: Path) -> Iterator[str]:
    """A real Kubernetes node, for as long as the tests of this file run."""
    printed = subprocess.run([lab / "cluster.sh", "up"], stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    yield printed.stdout.strip().splitlines()[-1].removeprefix("export KUBECONFIG=")
    subprocess.run([lab / "cluster.sh", "down"], check=True, timeout=120)


@pytest.fixture(scope="module")
def base_images(lab: Path, kubeconfig: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The lab's images that Dockerfiles begin FROM: it makes them when it builds something for its node."""
    assert kubeconfig
    folder = tmp_path_factory.mktemp("nothing")
    (folder / "Dockerfile").write_text("FROM python:3.11-slim\n")
    subprocess.run([lab / "images.sh", "build", folder, "localhost/nothing:1"], check=True, timeout=600)


@pytest.fixture
def local(checkout: Path, kubeconfig: str, lab: Path) -> dict[str, str]:
    """The environment `local` of the copied repo, set to the lab's node; and variables to use it with."""
    file = checkout / "environments" / "local.toml"
    document = tomlkit.parse(file.read_text())
    # This machine calls; the node has a loader of its own, and buildah no user namespaces.
    document |= {"context": kubectl(kubeconfig, "config", "current-context").strip(), "source_ranges": "world"}
    document["image_loader"] = [str(lab / "cluster.sh"), "load"]
    file.write_text(tomlkit.dumps(document))
    return {"KUBECONFIG": kubeconfig, "BUILDAH_ISOLATION": "chroot", "MODELYARD_ENV": "local"}


@pytest.fixture
def image(
    base_images: None, local: dict[str, str], checkout: Path, modelyard_command: Command, tmp_path: Path
) -> Iterator[str]:
    """The classifier's image with weights made here, built and loaded by the command."""
    runtime = checkout / "services" / "image_classifier" / "runtime"
    # Another content in every run, so that it is built.
    package = runtime / "classifier" / "__init__.py"
    package.write_text(f"{package.read_text()}\n# {uuid4()}\n")
    reference = BuildContext(folder=runtime, repository="localhost/image-classifier").image
    weights = tmp_path / "weights.pth"
    write_checkpoint(weights, random_weights(), parameters=True)
    content = weights.read_bytes()
    with image_host() as host:
        host.answers["/weights.pth"] = lambda request: request.reply(content)
        arguments = [f"WEIGHTS_URL={host.url}/weights.pth", f"WEIGHTS_SHA256={sha256(content).hexdigest()}"]
        options = [option for argument in arguments for option in ("--build-arg", argument)]
        built = modelyard_command("images", "local", "--load", *options, **local)
    assert built.returncode == 0, built.stderr
    assert f"✓ {reference}  built, loaded" in built.stdout
    yield reference
    if shutil.which("buildah"):
        subprocess.run(["buildah", "rmi", reference], check=False, capture_output=True)


def test_what_is_built_is_not_built_again_and_has_a_bill_of_materials(
    image: str, local: dict[str, str], checkout: Path, modelyard_command: Command
) -> None:
    again = modelyard_command("images", "local", **local)

    assert f"✓ {image}  unchanged" in again.stdout
    (bill,) = (checkout / ".images").glob("image-classifier-*.cdx.json")
    packages = {each["purl"].partition("@")[0] for each in json.loads(bill.read_text())["components"]}
    assert {"pkg:pypi/onnxruntime", "pkg:pypi/flask", "pkg:deb/debian/libc6"} <= packages


def test_a_build_that_fails_shows_its_last_lines(
    base_images: None, local: dict[str, str], checkout: Path, modelyard_command: Command
) -> None:
    dockerfile = checkout / "services" / "image_classifier" / "runtime" / "Dockerfile"
    dockerfile.write_text(f"FROM python:3.11-slim\nRUN echo {uuid4()}; echo it broke here >&2; exit 3\n")

    done = modelyard_command("images", "local", "--load", **local)

    assert done.returncode == 1
    assert "it broke here" in done.stderr
    assert ".build.log" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_picture_sent_to_the_load_balancer_gets_a_label(
    checkout: Path, kubeconfig: str, image: str, real_providers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment `local`: what it says of the cluster is all that was changed for the lab."""
    monkeypatch.setenv("KUBECONFIG", kubeconfig)
    settings = load_settings("local", checkout / "environments")
    build_app(settings, services=checkout / "services", outdir=str(checkout / "cdktf.out")).synth()
    folder = checkout / "cdktf.out" / "stacks" / "local-image-classifier"
    assert image in (folder / "cdk.tf.json").read_text()

    terraform(folder, real_providers, "init", "-input=false")
    terraform(folder, real_providers, "apply", "-auto-approve", "-input=false")
    try:
        url = json.loads(terraform(folder, real_providers, "output", "-json"))["url"]["value"]
        retries = urllib3.Retry(20, backoff_factor=0.1)
        answer = urllib3.PoolManager(retries=retries).request(
            "POST", f"{url}predict", body=encoded(picture()), headers={"Content-Type": "image/jpeg"}, timeout=10
        )
        assert answer.status == 200, answer.data
        body = answer.json()
        assert body["label"] == body["top5"][0]["label"]
        assert len(body["top5"]) == 5

        assert "No changes" in terraform(folder, real_providers, "plan", "-input=false")

        status = pod(kubeconfig)["status"]
        assert [each["restartCount"] for each in status["containerStatuses"]] == [0]
        assert inside(kubeconfig, "id -u; touch /app/x; touch /tmp/x && echo written; ls /var/run/secrets") == [
            "10001",
            "touch: cannot touch '/app/x': Read-only file system",
            "written",
            "ls: cannot access '/var/run/secrets': No such file or directory",
        ]
    finally:
        terraform(folder, real_providers, "destroy", "-auto-approve", "-input=false")
    left = kubectl(kubeconfig, "get", "namespaces", "-o", "name").split()
    assert "namespace/image-classifier" not in left


def kubectl(kubeconfig: str, *arguments: str) -> str:
    command = ["kubectl", "--kubeconfig", kubeconfig, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def pod(kubeconfig: str) -> dict[str, Any]:
    listed = json.loads(kubectl(kubeconfig, "get", "pods", "-n", "image-classifier", "-o", "json"))
    (found,) = listed["items"]
    return dict(found)


def inside(kubeconfig: str, script: str) -> list[str]:
    printed = kubectl(
        kubeconfig,
        "exec",
        "-n",
        "image-classifier",
        "deploy/image-classifier",
        "--",
        "sh",
        "-c",
        f"({script}) 2>&1; true",
    )
    return printed.splitlines()
