"""Models A and B behind one address on a real node, by a ratio of pods, and both in one server."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docs.session import type_in
from tests.e2e.conftest import Proof
from tests.e2e.forecaster import (
    BUILD_OPTIONS,
    NAME,
    PATH,
    STAND_IN,
    STAND_IN_IMAGE,
    configure,
    failures,
    forecast,
    forecast_of,
    pods,
    share,
    steady_stream,
    up,
)
from tests.e2e.local_cluster import Local, kubectl, wait_until
from tests.e2e.node_images import build_image


@pytest.fixture(scope="module")
def forecaster(local_with: Callable[[str], Local], base_images: None) -> Iterator[Local]:
    """The service alone, without the gateway; its server's image begins FROM the stand-in."""
    local = local_with("rnn_forecaster")
    build_image(STAND_IN, STAND_IN_IMAGE)
    yield local
    local.modelyard("teardown", "local")


def deployed(local: Local, a: int, b: int) -> str:
    """The address, once requests are divided so."""
    configure(local, replicas=4, weights={"a": a, "b": b})
    (url,) = re.findall(rf"local-{NAME} answers at (\S+)", up(local))
    # One that was given a moment ago may take another to answer.
    wait_until(f"{url} answers", lambda: isinstance(forecast(f"{url}{PATH}"), float))
    return str(url)


def test_a_ratio_of_pods_divides_requests(forecaster: Local, kubeconfig: str, proof: Proof) -> None:
    url = deployed(forecaster, 75, 25)
    a, b = forecast_of(kubeconfig, "a"), forecast_of(kubeconfig, "b")

    assert a != b
    assert pods(kubeconfig) == {f"{NAME}-a": 3, f"{NAME}-b": 1}
    seen = share(url, a)
    # Four standard deviations of 400 draws.
    assert seen == pytest.approx(75, abs=8.7)
    proof(f"A/B by a ratio of pods: weights 75:25, A answered {seen:.1f} % of 400 requests")


def test_a_change_of_weights_loses_no_request(forecaster: Local, kubeconfig: str, proof: Proof) -> None:
    url = deployed(forecaster, 75, 25)
    a = forecast_of(kubeconfig, "a")

    with steady_stream(url) as answers:
        assert deployed(forecaster, 25, 75) == url
        wait_until("three pods of B and one of A", lambda: pods(kubeconfig) == {f"{NAME}-a": 1, f"{NAME}-b": 3})

    assert failures(answers) == set()
    seen = share(url, a)
    assert seen == pytest.approx(25, abs=8.7)
    proof(f"A/B: 75:25 became 25:75 under {len(answers)} requests, none failed; A answers {seen:.1f} % now")


def test_promotion_and_the_way_back_lose_no_request(forecaster: Local, kubeconfig: str, proof: Proof) -> None:
    url = deployed(forecaster, 100, 0)
    assert pods(kubeconfig)[f"{NAME}-a"] == 4
    counted = []
    for a, b in ((0, 100), (100, 0)):
        with steady_stream(url) as answers:
            assert deployed(forecaster, a, b) == url
            wait_until("the other side is gone", lambda: len(pods(kubeconfig)) == 1)
        assert failures(answers) == set()
        assert answers[0] != answers[-1]
        counted.append(len(answers))
    proof(f"A/B: all requests from A to B and back, under {' and '.join(map(str, counted))} requests, none failed")


def test_a_side_that_breaks_leaves_the_other_one_and_its_own_former_pods(
    forecaster: Local, kubeconfig: str, proof: Proof
) -> None:
    url = deployed(forecaster, 50, 50)
    service = forecaster.checkout / "services" / "rnn_forecaster" / "service.py"
    model_pods = forecaster.checkout / "constructs" / "modelyard" / "model_pods.py"
    before = {file: file.read_text() for file in (service, model_pods)}
    service.write_text(before[service].replace('[_config("b")]', '[_config("c")]'))
    # Without most of the time that a new node may take to pull an image, and a large model to load: 30 s in all.
    model_pods.write_text(before[model_pods].replace("_PULL_SECONDS = 240", "_PULL_SECONDS = -90"))

    with steady_stream(url) as answers:
        done = forecaster.modelyard("up", "local", *BUILD_OPTIONS)

    for file, content in before.items():
        file.write_text(content)
    assert done.returncode == 1
    assert "/config/c.config" in done.stderr
    assert "Traceback" not in done.stderr
    assert failures(answers) == set()
    assert set(answers) == {forecast_of(kubeconfig, "a"), forecast_of(kubeconfig, "b")}
    proof(f"A/B: B's new pods did not start, the deploy failed in their words; {len(answers)} requests, none failed")


def test_its_readme_as_typed_and_a_job_that_says_how_sure_it_is(
    forecaster: Local, tmp_path: Path, proof: Proof
) -> None:
    deployed(forecaster, 50, 50)

    log = type_in(__file__, "services/rnn_forecaster/README.md", forecaster.checkout, forecaster.variables, tmp_path)

    assert "MAE" in log
    (verdict,) = [line for line in log.splitlines() if "95 %" in line]
    proof(f"A/B compared by a job: {verdict}")


def compared(kubeconfig: str) -> str:
    """The log of a run of the comparison that somebody asks for."""
    job = ("-n", NAME, "job/by-hand")
    kubectl(kubeconfig, "create", "job", "-n", NAME, "--from=cronjob/comparison", "by-hand")
    try:
        ended = subprocess.run(
            ["kubectl", "--kubeconfig", kubeconfig, "wait", *job, "--for=condition=complete", "--timeout=120s"],
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        log = kubectl(kubeconfig, "logs", *job)
        assert ended.returncode == 0, log
        return log
    finally:
        kubectl(kubeconfig, "delete", *job)


def test_both_models_in_one_server_are_asked_by_name_and_compared(
    forecaster: Local, kubeconfig: str, proof: Proof
) -> None:
    configure(forecaster, servers="one", replicas=1)
    (url,) = re.findall(rf"local-{NAME} answers at (\S+)", up(forecaster))

    answers = {side: forecast(f"{url}v1/models/{NAME}-{side}:predict") for side in "ab"}

    assert failures(list(answers.values())) == set()
    assert answers["a"] != answers["b"]
    assert "MAE" in compared(kubeconfig)
    proof("both models in one server: each answers by its name, and they are compared")


def test_down_leaves_nothing(forecaster: Local, kubeconfig: str) -> None:
    done = forecaster.modelyard("teardown", "local")

    assert done.returncode == 0, done.stderr
    assert NAME not in kubectl(kubeconfig, "get", "namespaces", "-o", "name")
