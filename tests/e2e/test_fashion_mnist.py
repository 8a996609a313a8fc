"""fashion_mnist on a real cluster: the declared model, and one that `serve()` brings into the same namespace."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from modelyard import object_store
from modelyard.model_namespace import METRICS
from modelyard.serving import serve

import httpx
import numpy as np
import onnx
import onnxruntime
import pytest
import tomlkit
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from services.fashion_mnist.tests.images import make_images
from terraform_cli.call import terraform
from tests.docs.session import type_in
from tests.e2e.clusters import Cluster
from tests.e2e.conftest import Proof
from tests.e2e.disks import disk
from tests.e2e.local_cluster import Local, kubectl

Array = np.ndarray[Any, np.dtype[Any]]

NAMESPACE = "fashion-mnist"
FOLDER = Path("services") / "fashion_mnist" / "model" / "models"


@pytest.fixture(scope="module")
def fashion(
    cluster: Cluster,
    object_store_image: None,
    model_server: str,
    local_with: Callable[[str], Local],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Local]:
    """The environment `local` with nothing but this service; KServe is there."""
    folder = tmp_path_factory.mktemp("disk")
    with disk(cluster.kubeconfig, folder, namespace=NAMESPACE, claim=object_store.NAME):
        local = local_with("fashion_mnist")
        # Nothing has to be pulled here.
        construct = local.checkout / "constructs" / "modelyard" / "inference_service.py"
        construct.write_text(re.sub(r"(?m)^(_ROLLOUT_SECONDS) = .*", r"\1 = 90", construct.read_text()))
        yield local
        local.modelyard("teardown", "local", "--volumes", "delete")


@pytest.fixture(scope="module")
def url(fashion: Local) -> str:
    """Where the declared model answers."""
    return up(fashion)


def up(fashion: Local) -> str:
    done = fashion.modelyard("up", "local")
    assert done.returncode == 0, done.stderr
    (address,) = re.findall(r"local-fashion-mnist answers at (\S+)", done.stdout)
    return str(address)


@pytest.fixture(scope="module")
def pictures() -> Array:
    pixels, _ = make_images(1, seed=1)
    return pixels[:5].astype(np.float32) / 255


@pytest.fixture
def kubeconfig_of_a_person(kubeconfig: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `serve()` looks for it."""
    monkeypatch.setenv("KUBECONFIG", kubeconfig)


def in_memory(pictures: Array) -> Array:
    session = onnxruntime.InferenceSession(FOLDER / "model.onnx")
    [given] = session.run(None, {session.get_inputs()[0].name: pictures})
    return np.asarray(given)


def asked(url: str, pictures: Array) -> Array:
    """What the address answers; one that was given a moment ago may take another to do so."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=5), timeout=30) as client:
        answer = client.post(f"{url}v1/models/{NAMESPACE}:predict", json={"instances": pictures.tolist()})
    assert answer.status_code == 200, answer.text
    return np.asarray(answer.json()["predictions"])


def test_the_declared_model_answers_at_its_address(url: str, pictures: Array, proof: Proof) -> None:
    answers = asked(url, pictures)

    np.testing.assert_allclose(answers, in_memory(pictures), rtol=1e-6)
    proof(f"fashion-mnist at its LoadBalancer: probabilities of {len(answers)} pictures as in memory")


def test_a_second_plan_is_empty(url: str, fashion: Local) -> None:
    stack = fashion.checkout / "cdktf.out" / "stacks" / f"local-{NAMESPACE}"

    assert "No changes." in terraform(stack, fashion.variables, "plan", "-input=false")


def test_the_server_tells_what_the_dashboard_asks_for(url: str, pictures: Array) -> None:
    asked(url, pictures)

    page = httpx.get(f"{url}metrics").text

    told = {line.partition("{")[0] for line in page.splitlines() if f'model_name="{NAMESPACE}"' in line}
    assert told >= {METRICS.requests, f"{METRICS.duration}_bucket", METRICS.in_flight, "model_server_info"}
    assert re.search(rf'^{METRICS.requests}{{{METRICS.outcome}="200",.*}} [1-9]', page, re.MULTILINE)


def test_serve_puts_a_model_into_the_namespace(url: str, kubeconfig_of_a_person: None, proof: Proof) -> None:
    rows, kinds = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=1000).fit(rows, kinds)

    endpoint = serve(model, name="flowers", namespace=NAMESPACE)

    np.testing.assert_array_equal(endpoint.predict(rows, method="predict_proba"), model.predict_proba(rows))
    proof(f"serve() into the namespace that Terraform made: {endpoint!r}, 150 answers bit for bit as in memory")


def test_who_may_is_said_by_the_documented_command(url: str, fashion: Local, kubeconfig: str, tmp_path: Path) -> None:
    type_in(__file__, "docs/serving.md", fashion.checkout, fashion.variables, tmp_path)

    asked_for = ["--as", "somebody", "--as-group", "data-scientists@example.com", "-n", NAMESPACE]
    assert kubectl(kubeconfig, "auth", "can-i", "create", "inferenceservices", *asked_for).strip() == "yes"


def test_a_declared_model_that_does_not_load_fails_the_deploy_and_leaves_the_former_one(
    url: str, fashion: Local, pictures: Array, proof: Proof
) -> None:
    (fashion.checkout / FOLDER / "model.onnx").write_bytes(b"no graph")

    done = fashion.modelyard("up", "local")

    shutil.copy(FOLDER / "model.onnx", fashion.checkout / FOLDER)
    assert done.returncode == 1
    assert "model_server: /mnt/models/model.onnx" in done.stderr
    np.testing.assert_allclose(asked(url, pictures), in_memory(pictures), rtol=1e-6)
    (said,) = (line.strip() for line in done.stderr.splitlines() if "model_server: " in line)
    proof(f"fashion-mnist with a broken model: the deploy fails with {said!r}, the former one answers")


def test_a_model_of_serve_is_declared_by_a_setting(
    url: str, fashion: Local, pictures: Array, kubeconfig_of_a_person: None, proof: Proof
) -> None:
    version = serve(onnx.load(FOLDER / "model.onnx"), name="clothes", namespace=NAMESPACE).version
    file = fashion.checkout / "environments" / "local.toml"
    document = tomlkit.parse(file.read_text())
    place = f"models/{NAMESPACE}/clothes/{version}"
    document["services"] = {NAMESPACE: {"model": place}}
    file.write_text(tomlkit.dumps(document))

    address = up(fashion)

    declared = kubectl(
        fashion.variables["KUBECONFIG"],
        *("get", "inferenceservice", "-n", NAMESPACE, NAMESPACE),
        *("-o", "jsonpath={.spec.predictor.model.storageUri}"),
    )
    assert declared == f"s3://artifacts/{place}"
    np.testing.assert_allclose(asked(address, pictures), in_memory(pictures), rtol=1e-6)
    proof(f"fashion-mnist by [services.fashion-mnist] model = {place!r}: the same probabilities")


def test_all_goes_and_with_it_what_serve_has_brought(url: str, fashion: Local) -> None:
    done = fashion.modelyard("teardown", "local", "--volumes", "delete")

    assert done.returncode == 0, done.stderr
    assert NAMESPACE not in kubectl(fashion.variables["KUBECONFIG"], "get", "namespaces", "-o", "name")
