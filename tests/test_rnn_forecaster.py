"""What the forecaster declares: in servers of their own or in one, behind the gateway and without."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from modelyard import ConfigurationError

import pytest
import tomlkit

from stacks.environments import load_settings
from stacks.paths import ENVIRONMENTS
from tests.conftest import Synthesise
from tests.releases import manifests

NAME = "rnn-forecaster"
Table = dict[str, Any]
Declared = Callable[..., Table]


@pytest.fixture
def declared(synthesise: Synthesise, tmp_path: Path) -> Declared:
    """The service's stack, from an environment's file with these keys of its own."""

    def run(environment: str = "gke-dev", *, gateway: bool = True, **table: object) -> Table:
        document = tomlkit.parse((ENVIRONMENTS / f"{environment}.toml").read_text())
        document["services"] = {NAME: table}
        document.setdefault("add_ons", {})["gateway"] = {"deployed": gateway}
        (tmp_path / f"{environment}.toml").write_text(tomlkit.dumps(document))
        stacks = synthesise(load_settings(environment, tmp_path), only=("rnn_forecaster",))
        return dict(stacks[f"{environment}-{NAME}"])

    return run


def deployments(stack: Table) -> dict[str, Table]:
    return {each["metadata"]["name"]: each["spec"] for each in stack["resource"]["kubernetes_deployment_v1"].values()}


def container(spec: Table) -> Table:
    (found,) = spec["template"]["spec"]["container"]
    return dict(found)


def test_by_default_three_pods_carry_two_thirds_to_one(declared: Declared) -> None:
    by_route, by_ratio = declared(), declared(gateway=False)

    (route, *_) = manifests(by_route, f"{NAME}-route")["HTTPRoute"]["spec"]["rules"]
    assert {each["name"]: each["weight"] for each in route["backendRefs"]} == {f"{NAME}-a": 67, f"{NAME}-b": 33}
    assert {name: spec["replicas"] for name, spec in deployments(by_route).items()} == {
        f"{NAME}-a": "3",
        f"{NAME}-b": "3",
    }
    assert {name: spec["replicas"] for name, spec in deployments(by_ratio).items()} == {
        f"{NAME}-a": "2",
        f"{NAME}-b": "1",
    }


def test_a_server_is_ready_when_its_model_is_loaded(declared: Declared) -> None:
    for side in "ab":
        server = container(deployments(declared())[f"{NAME}-{side}"])

        assert server["args"] == [f"--model_config_file=/config/{side}.config"]
        assert server["readiness_probe"]["http_get"]["path"] == f"/v1/models/{NAME}/metadata"


def test_one_server_of_both_models_starts_when_both_are_loaded(declared: Declared) -> None:
    stack = declared(servers="one")

    server = container(deployments(stack)[NAME])
    assert server["args"] == ["--model_config_file=/config/both.config"]
    paths = {kind: server[f"{kind}_probe"]["http_get"]["path"] for kind in ("readiness", "startup")}
    assert paths == {
        "readiness": f"/v1/models/{NAME}-a/metadata",
        "startup": f"/v1/models/{NAME}-b/metadata",
    }


@pytest.mark.parametrize("servers", ["each", "one"])
def test_grpc_is_for_the_namespace_only(servers: str, declared: Declared) -> None:
    services = declared(servers=servers, gateway=False)["resource"]["kubernetes_service_v1"].values()

    ports = {each["spec"]["type"]: [port["port"] for port in each["spec"]["port"]] for each in services}
    assert ports == {"LoadBalancer": [80], "ClusterIP": [8501, 8500]}


def cron_job(stack: Table) -> Table:
    return dict(manifests(stack, "comparison")["CronJob"]["spec"])


@pytest.mark.parametrize(("servers", "hosts"), [("each", {"a", "b"}), ("one", {"pods"})])
def test_the_comparison_asks_both_models(servers: str, hosts: set[str], declared: Declared) -> None:
    job = cron_job(declared(servers=servers))

    (program,) = job["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    arguments = program["args"]
    urls = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert {urls[f"--{side}"].partition(":8501")[0] for side in "ab"} == {f"http://{NAME}-{host}" for host in hosts}
    assert urls["--a"] != urls["--b"]
    assert urls["--output"].endswith(f"/{NAME}/comparisons")


def test_the_comparison_waits_to_be_asked_or_has_a_schedule(declared: Declared) -> None:
    assert cron_job(declared())["suspend"] is True
    scheduled = cron_job(declared(comparison_schedule="0 3 * * 1"))
    assert (scheduled["schedule"], scheduled.get("suspend", False)) == ("0 3 * * 1", False)


def test_a_model_without_pods_is_not_compared(declared: Declared) -> None:
    promoted = declared(gateway=False, weights={"a": 0, "b": 100})

    assert "helm_release" not in promoted["resource"]
    assert {name: spec["replicas"] for name, spec in deployments(promoted).items()} == {
        f"{NAME}-a": "0",
        f"{NAME}-b": "3",
    }
    # Behind the gateway it still has them, and gets no request.
    assert cron_job(declared(weights={"a": 0, "b": 100}))


@pytest.mark.parametrize(
    ("keys", "gateway", "said", "mend"),
    [
        ({"weights": {"a": 60, "b": 60}}, True, "given 60; allowed: 100 together with a = 60", "write b = 40"),
        (
            {"servers": "one", "weights": {"a": 50, "b": 50}},
            True,
            "there the caller names the model",
            "leave weights out",
        ),
        ({"weights": {"a": 75, "b": 25}}, False, "that of 3 pods is 100:0, 67:33, 33:67, 0:100", "or replicas = 4"),
        (
            {"weights": {"a": 100, "b": 0}, "comparison_schedule": "0 3 * * 1"},
            False,
            "a model with weight 0 has no pod that could be asked",
            "leave comparison_schedule out",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_with_file_and_key(
    keys: Table, gateway: bool, said: str, mend: str, declared: Declared
) -> None:
    with pytest.raises(ConfigurationError) as error:
        declared(gateway=gateway, **keys)

    assert f"gke-dev.toml: services.{NAME}" in str(error.value)
    assert said in str(error.value)
    assert mend in str(error.value).rpartition("mend: ")[2]
