"""Models A and B behind the gateway's address on a real node: Traefik divides requests by the route's weights."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import tomlkit
import urllib3

from terraform_cli.call import terraform
from tests.docs.session import type_in
from tests.e2e.conftest import Proof
from tests.e2e.forecaster import (
    BUILD_OPTIONS,
    NAME,
    PATH,
    SERIES,
    STAND_IN,
    STAND_IN_IMAGE,
    configure,
    failures,
    forecast,
    forecast_of,
    pods,
    share,
    steady_stream,
)
from tests.e2e.gateway import Gateway
from tests.e2e.local_cluster import Local, kubectl, wait_until
from tests.e2e.node_images import build_image


@dataclass(frozen=True)
class Routed:
    """The service's stack alone: the gateway's is there already, with a Traefik that is built here.

    Attributes:
        local: The environment.
    """

    local: Local

    @property
    def stack(self) -> Path:
        return self.local.checkout / "cdktf.out" / "stacks" / f"local-{NAME}"

    def deploy(self, a: int, b: int) -> str:
        """Applies these weights, and gives the address."""
        configure(self.local, replicas=2, weights={"a": a, "b": b})
        self.local.synthesise()
        terraform(self.stack, self.local.variables, "init", "-input=false")
        terraform(self.stack, self.local.variables, "apply", "-auto-approve", "-input=false")
        url = str(json.loads(terraform(self.stack, self.local.variables, "output", "-json"))["url"]["value"])
        wait_until(f"{url} answers", lambda: isinstance(forecast(f"{url}{PATH}"), float))
        return url

    def destroy(self) -> None:
        terraform(self.stack, self.local.variables, "destroy", "-auto-approve", "-input=false")


@pytest.fixture(scope="module")
def routed(local_with: Callable[[str], Local], base_images: None, gateway: Gateway) -> Iterator[Routed]:
    local = local_with("rnn_forecaster")
    build_image(STAND_IN, STAND_IN_IMAGE)
    file = local.checkout / "environments" / "local.toml"
    document = tomlkit.parse(file.read_text())
    document["add_ons"]["gateway"]["deployed"] = True
    file.write_text(tomlkit.dumps(document))
    # Not of the gateway's stack, whose chart is not fetched here.
    done = local.modelyard("images", "local", "--load", *BUILD_OPTIONS)
    assert done.returncode == 0, done.stderr
    found = Routed(local)
    yield found
    found.destroy()


def test_a_route_divides_requests_to_the_per_cent(
    routed: Routed, gateway: Gateway, kubeconfig: str, proof: Proof
) -> None:
    url = routed.deploy(90, 10)
    a = forecast_of(kubeconfig, "a")

    assert url == f"{gateway.url}{NAME}/"
    assert pods(kubeconfig) == {f"{NAME}-a": 2, f"{NAME}-b": 2}
    seen = share(url, a)
    # Four standard deviations of 400 draws; Traefik deals them out, and does not draw.
    assert seen == pytest.approx(90, abs=6)
    assert "No changes" in terraform(routed.stack, routed.local.variables, "plan", "-input=false")
    proof(f"A/B by a route: weights 90:10, A answered {seen:.1f} % of 400 requests; the second plan is empty")


def test_weights_change_there_and_back_without_a_lost_request(routed: Routed, kubeconfig: str, proof: Proof) -> None:
    url = routed.deploy(90, 10)
    a = forecast_of(kubeconfig, "a")
    before = kubectl(kubeconfig, "get", "pods", "-n", NAME, "-o", "name")

    with steady_stream(url) as answers:
        for weights in ((0, 100), (100, 0), (50, 50)):
            routed.deploy(*weights)

    assert failures(answers) == set()
    # The route and nothing else.
    assert kubectl(kubeconfig, "get", "pods", "-n", NAME, "-o", "name") == before
    seen = share(url, a)
    assert seen == pytest.approx(50, abs=10)
    proof(f"A/B by a route: all to B, all to A, then half, under {len(answers)} requests, none failed")


def test_a_header_names_the_side(routed: Routed, kubeconfig: str, tmp_path: Path, proof: Proof) -> None:
    url = routed.deploy(100, 0)

    answer = urllib3.request("POST", f"{url}{PATH}", json=SERIES, headers={"modelyard-side": "b"}, timeout=30)

    assert answer.json()["predictions"][0][0] == forecast_of(kubeconfig, "b")
    variables = routed.local.variables
    for folder in (one := tmp_path / "one", other := tmp_path / "other"):
        folder.mkdir()
    type_in(__file__, "docs/ab-tests.md", routed.local.checkout, variables, one)
    assert "Accepted" in type_in(__file__, "docs/add-ons.md", routed.local.checkout, variables, other)
    proof("A/B by a route: a header names the side; docs/ab-tests.md and docs/add-ons.md as typed")


def test_a_side_that_breaks_takes_no_request_from_the_other_one(routed: Routed, kubeconfig: str, proof: Proof) -> None:
    url = routed.deploy(50, 50)
    a = forecast_of(kubeconfig, "a")
    kubectl(kubeconfig, "scale", "-n", NAME, f"deployment/{NAME}-b", "--replicas=0")
    wait_until("B has no pod", lambda: set(pods(kubeconfig)) == {f"{NAME}-a"})

    answers = [forecast(f"{url}{PATH}") for _ in range(100)]

    assert {answer for answer in answers if answer != a} == failures(answers)
    assert all(failure.startswith("503") for failure in failures(answers))
    assert answers.count(a) >= 45
    routed.deploy(50, 50)
    assert failures([forecast(f"{url}{PATH}") for _ in range(20)]) == set()
    proof(f"A/B by a route: B without pods, A answered its {answers.count(a)} of 100 requests, the rest got 503")
