"""serve() on a real cluster: KServe's own controller, this repo's runtime, a real store."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from modelyard.errors import ConfigurationError
from modelyard.serving import Endpoint, formats, inference_service, serve
from modelyard.serving.cluster import Cluster as Kubernetes
from modelyard.serving.deployment import SavedModel, Size, deploy
from modelyard.serving.destination import Destination, find_destination
from modelyard.serving.progress import Progress

import httpx
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from stacks.add_ons.kserve.serving_runtime import pinned_libraries, serving_runtime
from stacks.paths import ROOT
from tests.e2e.clusters import Cluster
from tests.e2e.conftest import Proof
from tests.e2e.local_cluster import kubectl, repeated, wait_until
from tests.e2e.model_namespace import apply, model_namespace

NAMESPACE, NAME = "serving-e2e", "iris"
RUNTIME = ROOT / "stacks" / "add_ons" / "kserve" / "runtime"
PINNED = pinned_libraries(ROOT / "stacks" / "add_ons" / "kserve" / "runtime" / "requirements.txt")
SMALL = Size(cpu="100m", memory="512Mi", replicas=1)
READABLE = "pods,services,configmaps,deployments.apps,inferenceservices.serving.kserve.io"
ROWS = load_iris().data[:5]


@pytest.fixture(scope="module")
def namespace(cluster: Cluster, object_store_image: None) -> Iterator[str]:
    """One that takes models, named by the current context."""
    with model_namespace(cluster, NAMESPACE) as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", cluster.kubeconfig)
        yield name


@pytest.fixture(scope="module")
def endpoint(namespace: str, model_server: str) -> Endpoint:
    """The first model."""
    return serve(fitted(C=1.0), name=NAME, namespace=namespace)


def fitted(**parameters: float) -> LogisticRegression:
    return LogisticRegression(max_iter=1000, **parameters).fit(*load_iris(return_X_y=True))


def refusal(call: Callable[..., object], *arguments: object, **keywords: object) -> str:
    """What a person is told: one line, and one that says what to do."""
    with pytest.raises(ConfigurationError) as caught:
        call(*arguments, **keywords)
    what, mend = str(caught.value).splitlines()
    assert mend.startswith("  mend: ")
    return what.strip()


def deployed(
    saved: SavedModel, size: Size = SMALL, *, name: str = NAME, seconds: float = 180, **place: object
) -> Endpoint:
    """Without a framework."""
    kubernetes = Kubernetes()
    destination: Destination = replace(find_destination(kubernetes, NAMESPACE), **cast(Any, place))
    return deploy(
        saved,
        cluster=kubernetes,
        destination=destination,
        name=name,
        size=size,
        timeout_seconds=seconds,
        progress=Progress(shown=True),
    )


def broken(folder: Path) -> SavedModel:
    """A folder whose model no library loads."""
    saved = formats.save(fitted(C=0.5), folder)
    (folder / "model.skops").write_bytes(b"not an archive")
    return replace(saved, version="0123456789ab")


def running(cluster: Cluster) -> dict[str, Any]:
    """The InferenceService."""
    found = kubectl(cluster.kubeconfig, "get", "inferenceservice", "-n", NAMESPACE, NAME, "-o", "json")
    return dict(json.loads(found))


def pods(cluster: Cluster) -> set[str]:
    ours = f"serving.kserve.io/inferenceservice={NAME}"
    return set(kubectl(cluster.kubeconfig, "get", "pods", "-n", NAMESPACE, "-l", ours, "-o", "name").split())


def test_a_cluster_without_kserve_is_told_so(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    if "kserve" in kubectl(cluster.kubeconfig, "get", "crd", "-o", "name"):
        pytest.skip("KServe is on this cluster: what is said where it is not was not tried")

    assert refusal(deployed, formats.save(fitted(), tmp_path / "model")) == "KServe is not on this cluster"


def test_a_fitted_model_answers_as_it_does_in_memory(endpoint: Endpoint, proof: Proof) -> None:
    model = fitted(C=1.0)

    answers = endpoint.predict(ROWS)
    likely = endpoint.predict(ROWS, method="predict_proba")

    assert isinstance(answers, np.ndarray)
    assert answers.dtype == model.predict(ROWS).dtype
    np.testing.assert_array_equal(answers, model.predict(ROWS))
    np.testing.assert_array_equal(likely, model.predict_proba(ROWS))
    proof(f"serve(): {endpoint!r} gives the same numbers as in memory, probabilities bit for bit")


def test_the_same_model_again_changes_nothing(
    cluster: Cluster, endpoint: Endpoint, namespace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before, there = running(cluster)["metadata"]["generation"], pods(cluster)

    again = serve(fitted(C=1.0), name=NAME, namespace=namespace)

    assert again.version == endpoint.version
    assert running(cluster)["metadata"]["generation"] == before
    assert pods(cluster) == there
    assert "the store has this version already" in capsys.readouterr().out


def asked_all_the_time(cluster: Cluster) -> AbstractContextManager[list[int | str]]:
    """Each answer of the Service, on a connection of its own, without a second try."""
    address = kubectl(
        cluster.kubeconfig, "get", "service", "-n", NAMESPACE, f"{NAME}-predictor", "-o", "jsonpath={.spec.clusterIP}"
    )
    url = f"http://{address}/v1/models/{NAME}:predict"

    def ask() -> int | str:
        try:
            return httpx.post(url, json={"instances": ROWS.tolist()}, timeout=30).status_code
        except httpx.HTTPError as error:
            return repr(error)

    return repeated(ask, pause=0.02)


def test_a_new_model_takes_over_without_a_failed_request(
    cluster: Cluster, endpoint: Endpoint, namespace: str, proof: Proof
) -> None:
    model = fitted(C=0.01)
    with asked_all_the_time(cluster) as answers:
        newer = serve(model, name=NAME, namespace=namespace)

        assert newer.version != endpoint.version
        np.testing.assert_array_equal(newer.predict(ROWS, method="predict_proba"), model.predict_proba(ROWS))

    assert set(answers) == {200}
    # One made before finds the new pods, too, once the old ones have gone.
    wait_until("the old pods have gone", lambda: len(pods(cluster)) == 1)
    np.testing.assert_array_equal(endpoint.predict(ROWS, method="predict_proba"), model.predict_proba(ROWS))
    proof(f"serve(): a new model took over while {len(answers)} requests were answered, none failed")


def test_a_model_that_does_not_load_leaves_the_former_one_answering(
    cluster: Cluster, endpoint: Endpoint, tmp_path: Path, proof: Proof
) -> None:
    now = running(cluster)["metadata"]["labels"]["modelyard/version"]
    with asked_all_the_time(cluster) as answers:
        said = refusal(deployed, broken(tmp_path / "model"))

    assert "the model does not load: model_server: /mnt/models/model.skops is no skops archive" in said
    assert said.endswith(f"; version {now} goes on answering")
    assert set(answers) == {200}
    proof(f"serve(): {said}; {len(answers)} requests answered meanwhile")


def test_more_memory_than_allowed_is_told(endpoint: Endpoint, tmp_path: Path) -> None:
    saved = formats.save(fitted(C=3), tmp_path / "model")

    said = refusal(deployed, saved, Size(cpu="100m", memory="48Mi", replicas=1), name="starved")

    assert said == "the model needs more memory than the 48Mi that it may have"


def test_a_pod_that_no_node_can_take_is_told_with_the_schedulers_words(endpoint: Endpoint, tmp_path: Path) -> None:
    saved = formats.save(fitted(C=3), tmp_path / "model")

    said = refusal(deployed, saved, Size(cpu="500", memory="512Mi", replicas=1), name="huge", seconds=5)

    assert "not ready after 5 s: no node has room for the pod: " in said
    assert "Insufficient cpu" in said


def test_a_full_quota_is_told(cluster: Cluster, endpoint: Endpoint, tmp_path: Path) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few", "namespace": NAMESPACE}}
    apply(cluster, quota | {"spec": {"hard": {"requests.memory": "100Mi"}}})
    try:
        said = refusal(deployed, formats.save(fitted(C=3), tmp_path / "model"), name="toomany")
    finally:
        kubectl(cluster.kubeconfig, "delete", "resourcequota", "-n", NAMESPACE, "few")

    assert said.startswith("the namespace's quota has no room for the pod: few, requested: requests.memory=512Mi")


def test_one_that_others_look_after_is_left_alone(cluster: Cluster, endpoint: Endpoint, tmp_path: Path) -> None:
    theirs = running(cluster)
    theirs["metadata"] = {"name": "theirs", "namespace": NAMESPACE, "labels": {"app.kubernetes.io/managed-by": "Helm"}}
    apply(cluster, {key: theirs[key] for key in ("apiVersion", "kind", "metadata", "spec")})

    said = refusal(deployed, formats.save(fitted(), tmp_path / "model"), name="theirs")

    assert said == f"'theirs' in '{NAMESPACE}' is there already, and Helm looks after it"
    kubectl(cluster.kubeconfig, "delete", "inferenceservice", "-n", NAMESPACE, "theirs")


def test_a_store_without_the_bucket_and_one_that_knows_other_keys_are_told(
    cluster: Cluster, endpoint: Endpoint, tmp_path: Path
) -> None:
    saved = formats.save(fitted(C=7), tmp_path / "model")
    assert refusal(deployed, saved, models="s3://nobodys/models").startswith(
        "s3://nobodys/models is not there: The specified bucket does not exist."
    )

    other = "other-keys"
    wrong = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": other, "namespace": NAMESPACE}}
    apply(cluster, wrong | {"stringData": {"AWS_ACCESS_KEY_ID": "models", "AWS_SECRET_ACCESS_KEY": "wrong"}})
    s3 = find_destination(Kubernetes(), NAMESPACE).s3
    assert s3 is not None
    assert refusal(deployed, saved, s3=replace(s3, secret=other)).startswith("you may not write to s3://artifacts/")


def kubeconfig_of(cluster: Cluster, account: str, file: Path) -> str:
    """Of a new service account."""
    kubectl(cluster.kubeconfig, "create", "serviceaccount", "-n", NAMESPACE, account)
    token = kubectl(cluster.kubeconfig, "create", "token", "-n", NAMESPACE, account).strip()
    config = json.loads(kubectl(cluster.kubeconfig, "config", "view", "--raw", "-o", "json"))
    config["users"][0]["user"] = {"token": token}
    file.write_text(json.dumps(config))
    return str(file)


def test_who_has_no_rights_is_told_which(
    cluster: Cluster, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", kubeconfig_of(cluster, "poor", tmp_path / "kubeconfig"))

    said = refusal(serve, fitted(), name=NAME, namespace=NAMESPACE)

    who = f'User "system:serviceaccount:{NAMESPACE}:poor" cannot get resource "configmaps"'
    assert who in said
    assert refusal(serve, fitted(), name=NAME).startswith("which namespaces take models is not yours to see")


def test_who_may_look_but_not_forward_ports_is_told(
    cluster: Cluster, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubeconfig = kubeconfig_of(cluster, "reader", tmp_path / "kubeconfig")
    kubectl(cluster.kubeconfig, "create", "role", "reader", "-n", NAMESPACE, "--verb=get,list", "--resource", READABLE)
    bound = ["--role=reader", f"--serviceaccount={NAMESPACE}:reader"]
    kubectl(cluster.kubeconfig, "create", "rolebinding", "reader", "-n", NAMESPACE, *bound)
    monkeypatch.setenv("KUBECONFIG", kubeconfig)

    said = refusal(Endpoint.from_name(NAME, namespace=NAMESPACE).predict, ROWS)

    assert said == f"the API server does not open a port-forward (pods/portforward) in '{NAMESPACE}'"


def test_a_port_that_another_program_holds_is_not_taken(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))  # as a connection's own end: nothing listens there
        monkeypatch.setattr("random.randint", lambda *_: other.getsockname()[1])

        assert list(Endpoint.from_name(NAME, namespace=NAMESPACE).predict(ROWS)) == [0, 0, 0, 0, 0]


def test_a_program_that_has_asked_ends(endpoint: Endpoint) -> None:
    program = f"""
from modelyard.serving import Endpoint
print(Endpoint.from_name({NAME!r}, namespace={NAMESPACE!r}).predict({ROWS.tolist()}))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)

    assert done.stdout.strip() == "[0 0 0 0 0]"
    assert done.stderr == ""


@pytest.mark.parametrize(
    "given",
    [
        {"storage_uri": "gs://bucket/models/iris/1", "replicas": 2},
        {"storage_uri": None, "model_image": "localhost/iris:1", "max_replicas": 4, "pod_labels": {"a": "b"}},
    ],
)
def test_the_api_server_and_kserve_know_every_key(
    cluster: Cluster, endpoint: Endpoint, given: dict[str, object]
) -> None:
    size = {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}
    manifest = inference_service(
        **cast(Any, {"name": "tried", "model_format": "onnx", "service_account": "models", **size, **given})
    )
    create = ["kubectl", "--kubeconfig", cluster.kubeconfig, "create", "-n", NAMESPACE, "--dry-run=server"]

    def created() -> subprocess.CompletedProcess[str]:
        command = [*create, "--validate=strict", "-f", "-"]
        return subprocess.run(
            command, input=json.dumps(manifest), capture_output=True, text=True, timeout=60, check=False
        )

    assert created().returncode == 0, created().stderr
    manifest["spec"]["predictor"]["model"]["lifecycle"]["afterStop"] = {}
    assert 'unknown field "spec.predictor.model.lifecycle.afterStop"' in created().stderr


def test_places_that_are_not_there_are_told(endpoint: Endpoint) -> None:
    assert refusal(serve, fitted(), namespace="nobodys") == (
        "the namespace 'nobodys' takes no models: it has no ConfigMap 'modelyard-serving'"
    )
    assert refusal(Endpoint.from_name, "nobody", namespace=NAMESPACE) == (
        f"no model is served as 'nobody' in '{NAMESPACE}'"
    )


def test_the_only_namespace_that_takes_models_needs_no_name(endpoint: Endpoint) -> None:
    assert Endpoint.from_name(NAME).namespace == NAMESPACE


def test_rows_that_do_not_fit_are_told_in_the_models_words(endpoint: Endpoint) -> None:
    said = refusal(endpoint.predict, [[1.0, 2.0]])

    wanted = "the model takes values of shape [any, 4] as 'input'; shape [1, 2] was given"
    assert said == f"'{NAME}' does not take these rows: {wanted}"


def test_a_data_frame_is_put_in_the_models_order(endpoint: Endpoint, namespace: str) -> None:
    frame, target = load_iris(return_X_y=True, as_frame=True)
    model = LogisticRegression(max_iter=1000).fit(frame, target)
    named = serve(model, name="named", namespace=namespace)
    shuffled = frame.head()[list(frame.columns)[::-1]]

    np.testing.assert_array_equal(named.predict(shuffled), model.predict(frame.head()))
    assert "was fitted to a column 'petal width (cm)'" in refusal(named.predict, frame.drop(columns="petal width (cm)"))
    assert isinstance(shuffled, pd.DataFrame)
    named.delete()


def test_it_prints_its_logs_and_shows_itself(endpoint: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    endpoint.logs(tail=20)

    assert f"/v2/models/{NAME}/infer" in capsys.readouterr().out
    assert "1 of 1 replicas" in endpoint._repr_html_()


def test_one_that_is_deleted_is_gone(cluster: Cluster, endpoint: Endpoint) -> None:
    endpoint.delete()

    assert refusal(endpoint.predict, ROWS) == f"'{NAME}' is not in '{NAMESPACE}' any more"
    left = subprocess.run(
        ["kubectl", "--kubeconfig", cluster.kubeconfig, "get", "deployment", "-n", NAMESPACE, f"{NAME}-predictor"],
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert left.returncode == 1


def test_an_image_that_cannot_be_pulled_is_told(
    cluster: Cluster, endpoint: Endpoint, model_server: str, tmp_path: Path
) -> None:
    apply(cluster, serving_runtime("localhost/e2e/nobodys:1", {}))
    try:
        said = refusal(deployed, formats.save(fitted(C=3), tmp_path / "model"), name="unpulled")
    finally:
        apply(cluster, serving_runtime(model_server, PINNED))

    assert said.startswith("the image localhost/e2e/nobodys:1 cannot be pulled: ")


def test_a_model_of_another_release_is_refused_before_it_is_uploaded(
    cluster: Cluster, endpoint: Endpoint, model_server: str, tmp_path: Path
) -> None:
    apply(cluster, serving_runtime(model_server, PINNED | {"scikit-learn": "1.2.3"}))
    try:
        said = refusal(deployed, formats.save(fitted(C=4), tmp_path / "model"), name="older")
    finally:
        apply(cluster, serving_runtime(model_server, PINNED))

    assert (
        said
        == f"the model is of scikit-learn {PINNED['scikit-learn']}, and the cluster serves scikit-learn 1.2.x (1.2.3)"
    )
