"""The image classifier on a real cluster: built from its Dockerfile, applied by the real Kubernetes provider."""

import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from modelyard.build_context import BuildContext

import pytest
import tomlkit
import urllib3

from commands.terraform import terraform
from services.image_classifier.tests.alexnet import random_weights, write_checkpoint
from services.image_classifier.tests.image_host import image_host
from services.image_classifier.tests.pictures import encoded, picture
from tests.conftest import copy_of_the_repo, run_modelyard


@dataclass(frozen=True)
class Local:
    """The environment `local` of a copied repo, set to the lab's node.

    Attributes:
        checkout: The copy.
        variables: What to use it with.
    """

    checkout: Path
    variables: dict[str, str]

    @property
    def runtime(self) -> Path:
        return self.checkout / "services" / "image_classifier" / "runtime"

    @property
    def image(self) -> str:
        return BuildContext(folder=self.runtime, repository="localhost/image-classifier").image

    def modelyard(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_modelyard(self.checkout, *arguments, **self.variables)

    def change(self) -> None:
        """Another content of the image, which nobody has built."""
        package = self.runtime / "classifier" / "__init__.py"
        package.write_text(f"{package.read_text()}\n# {uuid4()}\n")


@pytest.fixture(scope="module")
def local(
    kubeconfig: str, lab: Path, real_providers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Local:
    """Made once: each test finds what those before it have left."""
    checkout = copy_of_the_repo(tmp_path_factory.mktemp("local") / "checkout")
    file = checkout / "environments" / "local.toml"
    document = tomlkit.parse(file.read_text())
    # This machine calls; the node has a loader of its own.
    document |= {"context": kubectl(kubeconfig, "config", "current-context").strip(), "source_ranges": "world"}
    document["image_loader"] = [str(lab / "cluster.sh"), "load"]
    file.write_text(tomlkit.dumps(document))
    # No user namespaces for buildah, and perhaps no registry to ask for providers' checksums.
    variables = {"KUBECONFIG": kubeconfig, "BUILDAH_ISOLATION": "chroot", "CDKTF_SKIP_PROVIDER_LOCK": "true"}
    return Local(checkout, variables | real_providers)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Options for a build with weights that were made here, for as long as they can be fetched."""
    file = tmp_path_factory.mktemp("weights") / "weights.pth"
    write_checkpoint(file, random_weights(), parameters=True)
    content = file.read_bytes()
    with image_host() as host:
        host.answers["/weights.pth"] = lambda request: request.reply(content)
        arguments = [f"WEIGHTS_URL={host.url}/weights.pth", f"WEIGHTS_SHA256={sha256(content).hexdigest()}"]
        yield [option for argument in arguments for option in ("--build-arg", argument)]


@pytest.fixture(scope="module")
def url(base_images: None, local: Local, weights: list[str]) -> Iterator[str]:
    """Where the classifier answers, once `modelyard up` has built, loaded and deployed it."""
    local.change()
    done = local.modelyard("up", "local", *weights)
    assert done.returncode == 0, done.stderr
    assert f"✓ {local.image}  built, loaded" in done.stdout
    (answers,) = re.findall(r"local-image-classifier answers at (\S+)", done.stdout)
    yield answers
    local.modelyard("down", "local")


def test_a_picture_sent_to_the_load_balancer_gets_a_label(url: str, local: Local) -> None:
    answer = predict(url)
    assert answer.status == 200, answer.data
    body = answer.json()
    assert body["label"] == body["top5"][0]["label"]
    assert len(body["top5"]) == 5

    stack = local.checkout / "cdktf.out" / "stacks" / "local-image-classifier"
    assert "No changes" in terraform(stack, local.variables, "plan", "-input=false")


def test_from_inside_the_pod_is_no_root_no_token_and_nothing_to_write_to(url: str, kubeconfig: str) -> None:
    assert url
    status = pod(kubeconfig)["status"]
    assert [each["restartCount"] for each in status["containerStatuses"]] == [0]
    assert inside(kubeconfig, "id -u; touch /app/x; touch /tmp/x && echo written; ls /var/run/secrets") == [
        "10001",
        "touch: cannot touch '/app/x': Read-only file system",
        "written",
        "ls: cannot access '/var/run/secrets': No such file or directory",
    ]


def test_what_is_built_is_not_built_again_and_has_a_bill_of_materials(url: str, local: Local) -> None:
    assert url
    again = local.modelyard("images", "local")

    assert f"✓ {local.image}  unchanged" in again.stdout
    (bill,) = (local.checkout / ".images").glob("image-classifier-*.cdx.json")
    packages = {each["purl"].partition("@")[0] for each in json.loads(bill.read_text())["components"]}
    assert {"pkg:pypi/onnxruntime", "pkg:pypi/flask", "pkg:deb/debian/libc6"} <= packages


def test_a_build_that_fails_shows_its_last_lines_and_deploys_nothing(url: str, local: Local, kubeconfig: str) -> None:
    dockerfile = local.runtime / "Dockerfile"
    before, running = dockerfile.read_text(), pod(kubeconfig)["metadata"]["name"]
    dockerfile.write_text(f"FROM python:3.11-slim\nRUN echo {uuid4()}; echo it broke here >&2; exit 3\n")

    done = local.modelyard("up", "local")

    dockerfile.write_text(before)
    assert done.returncode == 1
    assert "it broke here" in done.stderr
    assert ".build.log" in done.stderr
    assert "Traceback" not in done.stderr
    assert pod(kubeconfig)["metadata"]["name"] == running
    assert predict(url).status == 200


def test_a_new_version_rolls_out_without_a_lost_request(
    url: str, local: Local, weights: list[str], kubeconfig: str
) -> None:
    old = pod(kubeconfig)["metadata"]["name"]
    local.change()
    # Built and loaded first: the stream shall meet the rollout, not the build.
    assert local.modelyard("images", "local", "--load", *weights).returncode == 0
    with steady_stream(url) as answers:
        done = local.modelyard("up", "local")
        gone_by = time.monotonic() + 60
        while old in kubectl(kubeconfig, "get", "pods", "-n", "image-classifier", "-o", "name"):
            assert time.monotonic() < gone_by, f"{old} does not end"
            time.sleep(1)

    assert done.returncode == 0, done.stderr
    assert len(answers) > 100
    assert {answer for answer in answers if answer != 200} == set()


def test_a_broken_version_fails_in_its_pods_words_while_the_old_one_serves(
    url: str, local: Local, weights: list[str]
) -> None:
    dockerfile, service = local.runtime / "Dockerfile", local.checkout / "services" / "image_classifier" / "service.py"
    good, patient = dockerfile.read_text(), service.read_text()
    dockerfile.write_text(f"FROM python:3.11-slim\nCMD echo {uuid4()}, the model is missing >&2; exit 3\n")
    # And none of the time that a new node may take.
    pods = local.checkout / "constructs" / "modelyard" / "model_service.py"
    pods.write_text(pods.read_text().replace("_PULL_SECONDS = 240", "_PULL_SECONDS = 5"))
    service.write_text(patient.replace("startup_seconds=60", "startup_seconds=40"))

    done = local.modelyard("up", "local")

    assert done.returncode == 1
    assert "exceeded its progress deadline" in done.stderr
    assert "CrashLoopBackOff" in done.stderr
    assert "the model is missing" in done.stderr
    assert "Traceback" not in done.stderr
    assert predict(url).status == 200

    dockerfile.write_text(good)
    service.write_text(patient)
    mended = local.modelyard("up", "local", *weights)
    assert mended.returncode == 0, mended.stderr
    assert predict(url).status == 200


def test_down_leaves_nothing(url: str, local: Local, kubeconfig: str) -> None:
    assert url
    done = local.modelyard("down", "local")

    assert done.returncode == 0, done.stderr
    assert "namespace/image-classifier" not in kubectl(kubeconfig, "get", "namespaces", "-o", "name").split()
    state = json.loads((local.checkout / "terraform.local-image-classifier.tfstate").read_text())
    assert state["resources"] == []


def predict(url: str) -> urllib3.BaseHTTPResponse:
    """Sends a picture; an address that was given a moment ago may take another to answer."""
    retries = urllib3.PoolManager(retries=urllib3.Retry(20, backoff_factor=0.1))
    headers = {"Content-Type": "image/jpeg"}
    return retries.request("POST", f"{url}predict", body=encoded(picture()), headers=headers, timeout=10)


@contextmanager
def steady_stream(url: str) -> Iterator[list[int | str]]:
    """Sends pictures one after another until the block ends, each on a connection of its own, none twice."""
    answers: list[int | str] = []
    ended = threading.Event()
    body = encoded(picture())

    def send() -> None:
        headers = {"Content-Type": "image/jpeg", "Connection": "close"}
        while not ended.wait(0.1):
            try:
                answer = urllib3.request("POST", f"{url}predict", body=body, headers=headers, timeout=30, retries=False)
                answers.append(answer.status)
            except urllib3.exceptions.HTTPError as error:
                answers.append(str(error))

    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send)
        yield answers
        ended.set()
        sending.result()


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
