"""The image classifier on a real cluster: built from its Dockerfile, applied by the real Kubernetes provider."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from images.on_nodes import NodeImages, images_on_nodes
from services.image_classifier.tests.pictures import encoded, picture
from terraform_cli.call import terraform
from tests.conftest import command_environment
from tests.docs.session import type_in
from tests.e2e.conftest import Proof
from tests.e2e.local_cluster import Local, inside, kubectl, pod, predict, steady_stream, wait_until

MEBIBYTE = 2**20


def test_a_picture_sent_to_the_load_balancer_gets_a_label(url: str, local: Local, tmp_path: Path, proof: Proof) -> None:
    answer = predict(url)
    assert answer.status == 200, answer.data
    body = answer.json()
    assert body["label"] == body["top5"][0]["label"]
    assert len(body["top5"]) == 5

    (local.checkout / "cat.jpg").write_bytes(encoded(picture()))
    typed = type_in(__file__, "services/image_classifier/README.md", local.checkout, local.variables, tmp_path)
    assert typed.count(f'"label":"{body["label"]}","top5"') == 2

    assert "No changes" in local.plan()
    proof(f"a JPEG to the LoadBalancer's address: {body['label']!r}; as its README says, too; the second plan is empty")


def test_from_inside_the_pod_is_no_root_no_token_and_nothing_to_write_to(
    url: str, kubeconfig: str, proof: Proof
) -> None:
    assert url
    assert inside(kubeconfig, "id -u; touch /app/x; touch /tmp/x && echo written; ls /var/run/secrets") == [
        "10001",
        "touch: cannot touch '/app/x': Read-only file system",
        "written",
        "ls: cannot access '/var/run/secrets': No such file or directory",
    ]
    # Of every set of capabilities none; no way to get more; a seccomp filter (2).
    (status,) = [
        dict(re.findall(r"^(\w+):\s+(\w+)$", "\n".join(inside(kubeconfig, "cat /proc/1/status")), re.MULTILINE))
    ]
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    proof("from inside the pod: user 10001, no capability, seccomp filter, read-only root, no token")


def test_from_inside_the_pod_are_its_limits(url: str, kubeconfig: str, proof: Proof) -> None:
    assert url
    v2 = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max"
    v1 = "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us"
    memory, quota, period = (int(each) for each in " ".join(inside(kubeconfig, f"{v2} || ({v1})")).split()[-3:])

    assert memory == 768 * MEBIBYTE
    assert quota / period == 1
    proof(f"from inside the pod: {memory // MEBIBYTE} MiB of memory, {quota / period:g} CPU")


def test_what_is_built_is_not_built_again_and_has_a_bill_of_materials(url: str, local: Local, proof: Proof) -> None:
    assert url
    again = local.modelyard("images", "local")

    assert f"✓ {local.image}  unchanged" in again.stdout
    (bill,) = (local.checkout / ".images").glob("image-classifier-*.cdx.json")
    packages = {each["purl"].partition("@")[0] for each in json.loads(bill.read_text())["components"]}
    assert {"pkg:pypi/onnxruntime", "pkg:pypi/flask", "pkg:deb/debian/libc6"} <= packages
    proof(f"the image's bill of materials names {len(packages)} packages")


def test_what_the_nodes_have_is_not_loaded_again(url: str, local: Local, kubeconfig: str) -> None:
    assert url
    context = kubectl(kubeconfig, "config", "current-context").strip()
    told: list[NodeImages] = []

    def tells() -> bool:
        told[:] = images_on_nodes(context)
        return all(local.image in node or not node.are_all for node in told)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", kubeconfig)
        wait_until("the nodes tell of the image", tells)
    if not all(local.image in node for node in told):
        pytest.skip("not shown: a node with more than 50 images tells of the largest only")

    again = local.modelyard("images", "local", "--load")

    assert f"✓ {local.image}  unchanged, on the nodes already" in again.stdout


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
    url: str, local: Local, weights: list[str], kubeconfig: str, proof: Proof
) -> None:
    old = pod(kubeconfig)["metadata"]["name"]
    local.change()
    # Built and loaded first: the stream shall meet the rollout, not the build.
    images = local.modelyard("images", "local", "--load", *weights)
    assert f"✓ {local.image}  built, loaded" in images.stdout, images.stderr
    with steady_stream(url) as answers:
        done = local.modelyard("up", "local")
        wait_until(
            f"{old} ends", lambda: old not in kubectl(kubeconfig, "get", "pods", "-n", "image-classifier", "-o", "name")
        )

    assert done.returncode == 0, done.stderr
    assert len(answers) > 100
    assert {answer for answer in answers if answer != 200} == set()
    proof(f"a new version from its Dockerfile under a stream of {len(answers)} requests: none failed")


def crash(local: Local) -> str:
    dockerfile = local.runtime / "Dockerfile"
    dockerfile.write_text(f"FROM python:3.11-slim\nCMD echo {uuid4()}, the model is missing >&2; exit 3\n")
    return "the model is missing"


def misname(local: Local) -> str:
    local.service.write_text(local.service.read_text().replace('self.image("runtime")', 'self.image("runtime") + "0"'))
    return f"{local.image}0"


@pytest.fixture
def impatient(local: Local) -> Iterator[None]:
    """Without the time that a new node may take to pull an image; the service's files are restored at the end."""
    pods = local.checkout / "constructs" / "modelyard" / "model_pods.py"
    before = {file: file.read_text() for file in (pods, local.service, local.runtime / "Dockerfile")}
    pods.write_text(before[pods].replace("_PULL_SECONDS = 240", "_PULL_SECONDS = 5"))
    local.service.write_text(before[local.service].replace("startup_seconds=60", "startup_seconds=40"))
    yield
    for file, content in before.items():
        file.write_text(content)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("breaks", "reasons"),
    # A pull is under way again, or waited for.
    [(crash, ["CrashLoopBackOff"]), (misname, ["ErrImagePull", "ImagePullBackOff"])],
)
def test_a_broken_version_fails_in_its_pods_words_while_the_old_one_serves(
    url: str, local: Local, breaks: Callable[[Local], str], reasons: list[str], proof: Proof
) -> None:
    details = breaks(local)

    with steady_stream(url) as answers:
        done = local.modelyard("up", "local")

    assert done.returncode == 1
    assert "exceeded its progress deadline" in done.stderr
    told = [each for each in reasons if each in done.stderr]
    assert told, done.stderr
    assert details in done.stderr
    assert "Traceback" not in done.stderr
    assert set(answers) == {200}
    proof(
        f"a broken version: told as {told[0]} with {details!r}; the old one answered {len(answers)} requests meanwhile"
    )


def test_the_next_good_deploy_mends_a_broken_one(url: str, local: Local, kubeconfig: str, proof: Proof) -> None:
    with steady_stream(url) as answers:
        done = local.modelyard("up", "local")

    assert done.returncode == 0, done.stderr
    assert set(answers) == {200}
    assert "No changes" in local.plan()
    assert [each["ready"] for each in pod(kubeconfig)["status"]["containerStatuses"]] == [True]
    proof("the next good deploy mends it, and loses no request either")


def test_down_leaves_nothing(url: str, local: Local, kubeconfig: str, proof: Proof) -> None:
    assert url
    done = local.modelyard("teardown", "local")

    assert done.returncode == 0, done.stderr
    assert_nothing_is_left(local, kubeconfig)
    proof("modelyard teardown: no namespace, no resource in the state")


def test_cdktf_by_hand_does_the_same(url: str, local: Local, kubeconfig: str, proof: Proof) -> None:
    def cdktf(verb: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(local.checkout / "node_modules" / ".bin" / "cdktf"), verb, "*", "--auto-approve"],
            cwd=local.checkout,
            env=command_environment(local.checkout) | local.variables | {"MODELYARD_ENV": "local"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    deployed = cdktf("deploy")
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    assert url in deployed.stdout
    assert predict(url).status == 200
    by_hand = resources(local)
    destroyed = cdktf("destroy")
    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    assert_nothing_is_left(local, kubeconfig)

    # And what nobody has built is refused before Terraform.
    package = local.runtime / "classifier" / "__init__.py"
    before = package.read_text()
    local.change()
    try:
        refused = cdktf("deploy")
    finally:
        package.write_text(before)
    assert refused.returncode == 1
    assert "modelyard images local --load" in refused.stdout + refused.stderr
    assert_nothing_is_left(local, kubeconfig)

    assert local.modelyard("up", "local").returncode == 0
    assert resources(local) == by_hand
    assert local.modelyard("teardown", "local").returncode == 0
    proof(f"cdktf deploy '*' and destroy '*' by hand: the same {len(by_hand)} resources as modelyard up and teardown")


def test_the_state_may_be_in_the_cluster(url: str, local: Local, kubeconfig: str, proof: Proof) -> None:
    assert url
    stacks, file = local.checkout / "cdktf.out", local.checkout / "environments" / "local.toml"
    before = file.read_text()
    file.write_text(f'state = "cluster"\n{before}')
    shutil.rmtree(stacks)

    assert local.modelyard("up", "local").returncode == 0
    # As a colleague's checkout, which has nothing but the sources.
    shutil.rmtree(stacks)
    local.synthesise()
    terraform(stacks / "stacks" / "local-image-classifier", local.variables, "init", "-input=false")
    assert "No changes" in local.plan()
    down = local.modelyard("teardown", "local")

    assert down.returncode == 0, down.stderr
    assert "namespace/image-classifier" not in kubectl(kubeconfig, "get", "namespaces", "-o", "name").split()
    emptied = terraform(stacks / "stacks" / "local-image-classifier", local.variables, "state", "pull")
    assert json.loads(emptied)["resources"] == []
    kubectl(kubeconfig, "delete", "-n", "default", "secret/tfstate-default-local-image-classifier")
    file.write_text(before)
    shutil.rmtree(stacks)
    proof("the state in the cluster: another checkout finds it, and plans no change")


def resources(local: Local) -> list[tuple[str, str]]:
    return [(each["type"], each["name"]) for each in json.loads(state_file(local).read_text())["resources"]]


def state_file(local: Local) -> Path:
    return local.checkout / "terraform.local-image-classifier.tfstate"


def assert_nothing_is_left(local: Local, kubeconfig: str) -> None:
    assert "namespace/image-classifier" not in kubectl(kubeconfig, "get", "namespaces", "-o", "name").split()
    assert resources(local) == []
