"""The image classifier on a real cluster: built from its Dockerfile, applied by the real Kubernetes provider."""

import json
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from modelyard.build_context import BuildContext
from modelyard.exposure import Exposure

import pytest
import urllib3

from comparison.terraform import terraform
from main import build_app
from services.image_classifier.tests.alexnet import random_weights, write_checkpoint
from services.image_classifier.tests.image_host import image_host
from services.image_classifier.tests.pictures import encoded, picture
from stacks.environments import load_settings
from stacks.paths import SERVICES

REPOSITORY = "localhost/image-classifier"


@pytest.fixture(scope="module")
def kubeconfig(lab: Path) -> Iterator[str]:
    """A real Kubernetes node, for as long as the tests of this file run."""
    printed = subprocess.run([lab / "cluster.sh", "up"], stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    yield printed.stdout.strip().splitlines()[-1].removeprefix("export KUBECONFIG=")
    subprocess.run([lab / "cluster.sh", "down"], check=True, timeout=120)


@pytest.fixture(scope="module")
def image(lab: Path, kubeconfig: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The classifier's image with weights made here, on the node."""
    assert kubeconfig
    weights = tmp_path_factory.mktemp("weights") / "weights.pth"
    write_checkpoint(weights, random_weights(), parameters=True)
    content = weights.read_bytes()
    context = BuildContext(folder=SERVICES / "image_classifier" / "runtime", repository=REPOSITORY)
    with image_host() as host:
        host.answers["/weights.pth"] = lambda request: request.reply(content)
        arguments = [f"WEIGHTS_URL={host.url}/weights.pth", f"WEIGHTS_SHA256={sha256(content).hexdigest()}"]
        options = [option for argument in arguments for option in ("--build-arg", argument)]
        command = [str(lab / "images.sh"), "build", str(context.folder), context.image, *options]
        subprocess.run(command, check=True, timeout=900)
    return context.image


def test_a_picture_sent_to_the_load_balancer_gets_a_label(
    tmp_path: Path, kubeconfig: str, image: str, real_providers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment `local` as it is committed, but for the context and who may call, which is this machine."""
    monkeypatch.setenv("KUBECONFIG", kubeconfig)
    context = kubectl(kubeconfig, "config", "current-context").strip()
    settings = load_settings("local").model_copy(update={"context": context, "source_ranges": Exposure.world()})
    build_app(settings, outdir=str(tmp_path / "cdktf.out")).synth()
    folder = tmp_path / "cdktf.out" / "stacks" / "local-image-classifier"
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
