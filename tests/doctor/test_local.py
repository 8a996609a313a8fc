"""A cluster of one's own in every condition, by its kubeconfig and its API."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from doctor import workflows
from doctor.check import Finding, ok, run
from doctor.declared import Declared
from doctor.local import Local
from stacks.environments import load_settings
from stacks.local.settings import LocalSettings
from stacks.settings import CloudSettings, GithubSettings
from tests.doctor.kube import TOKEN, api_server
from tests.doctor.looking import findings
from tests.leftovers.http_server import Answer, serve
from tests.test_silent_cluster import deaf_server


@pytest.fixture
def settings() -> LocalSettings:
    found = load_settings("local")
    assert isinstance(found, LocalSettings)
    return found


def examine(settings: LocalSettings) -> dict[str, Finding]:
    """What all checks find."""
    return findings(Local(settings, Declared(settings)).checks())


def node(*, architecture: str = "amd64", cpu: str = "4", memory: str = "16377560Ki", ready: str = "True") -> Any:  # noqa: ANN401 - JSON
    return {
        "metadata": {"name": "one"},
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "nodeInfo": {"architecture": architecture},
            "allocatable": {"cpu": cpu, "memory": memory},
        },
    }


def service(type_: str, *addresses: str) -> dict[str, Any]:
    given = [{"ip": each} for each in addresses]
    return {
        "metadata": {"namespace": "iris", "name": "iris"},
        "spec": {"type": type_},
        "status": {"loadBalancer": {"ingress": given} if given else {}},
    }


def write_kubeconfig(file: Path, address: str, certificate: bytes, context: str = "kind-modelyard") -> None:
    cluster = {"server": f"https://{address}", "certificate-authority-data": base64.b64encode(certificate).decode()}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": cluster}],
        "users": [{"name": "me", "user": {"token": TOKEN}}],
        "contexts": [{"name": context, "context": {"cluster": "it", "user": "me"}}],
        "current-context": context,
    }
    file.write_text(yaml.safe_dump(content))


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where KUBECONFIG says that it is; nothing is there yet."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture
def kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is all that there is on PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "kind").write_text("#!/bin/sh\n")
    (programs / "kind").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))


def with_cluster(
    settings: LocalSettings, kubeconfig: Path, nodes: list[Any], services: list[Any] | None = None
) -> dict[str, Finding]:
    with api_server(Answer({"items": nodes}), Answer({"items": services or []})) as (address, certificate):
        write_kubeconfig(kubeconfig, address, certificate)
        return examine(settings)


@pytest.mark.usefixtures("kind")
def test_a_cluster_in_which_all_is_well(settings: LocalSettings, kubeconfig: Path) -> None:
    found = with_cluster(settings, kubeconfig, [node()], [service("LoadBalancer", "10.1.2.3"), service("ClusterIP")])

    assert found == {
        "stacks": ok("synthesised"),
        "kubeconfig": ok(f"kind-modelyard, in {kubeconfig}"),
        "cluster": ok("it answers: 1 of 1 nodes are ready"),
        "nodes": ok("1 for amd64, each with 4000m CPU and 15994Mi at least"),
        "load balancers": ok("all 1 have addresses"),
        "images": ok("kind load image-archive ARCHIVE --name modelyard"),
    }


def test_no_kubeconfig(settings: LocalSettings, kubeconfig: Path) -> None:
    found = examine(settings)

    assert (found["kubeconfig"].state, found["kubeconfig"].found) == ("fail", f"{kubeconfig} is not there")
    assert "kind create cluster" in found["kubeconfig"].mend
    assert found["cluster"] == Finding("skipped", "needs kubeconfig")
    assert found["load balancers"] == Finding("skipped", "needs cluster")


@pytest.mark.parametrize(
    "content", [f"users: [{{token: {TOKEN}", f"- {TOKEN}", "contexts: [1]", "contexts: [{}]", "\x00", TOKEN, ""]
)
def test_a_broken_kubeconfig_is_told_without_what_is_in_it(
    settings: LocalSettings, kubeconfig: Path, content: str
) -> None:
    kubeconfig.write_text(content)

    found = examine(settings)["kubeconfig"]

    assert found.state == "fail"
    assert found.found.startswith(f"{kubeconfig} is no kubeconfig (")
    assert found.mend == "mend it: `kubectl config view` says where"


def test_another_context(settings: LocalSettings, kubeconfig: Path) -> None:
    write_kubeconfig(kubeconfig, "127.0.0.1:1", b"", context="minikube")

    found = examine(settings)["kubeconfig"]

    assert (found.state, found.found) == ("fail", f"no context 'kind-modelyard' in {kubeconfig}, but minikube")
    assert found.mend == "write one of these into environments/local.toml: context; or make that cluster"


def test_a_cluster_that_does_not_answer(
    settings: LocalSettings, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doctor.local.ANSWER_SECONDS", 1)
    with deaf_server() as port:
        write_kubeconfig(kubeconfig, f"127.0.0.1:{port}", trustme.CA().cert_pem.bytes())
        found = examine(settings)

    assert found["cluster"].state == "fail"
    assert "the cluster does not answer" in found["cluster"].found
    assert found["nodes"] == Finding("skipped", "needs cluster")


@pytest.mark.parametrize(
    ("one", "state", "found", "mend"),
    [
        (node(architecture="arm64"), "warn", "arm64, and images are built for amd64", "binfmt --install amd64"),
        (node(cpu="2"), "warn", "each with 2000m CPU", "environments/local.toml: [node]"),
        (node(memory="1Gi"), "warn", "and 1024Mi at least; the environment says 1 with 3 and 10Gi", "[node]"),
        (node(cpu="3", memory="10Gi"), "ok", "each with 3000m CPU and 10240Mi", ""),
    ],
)
def test_nodes(
    settings: LocalSettings, kubeconfig: Path, *, one: dict[str, Any], state: str, found: str, mend: str
) -> None:
    finding = with_cluster(settings, kubeconfig, [one])["nodes"]

    assert finding.state == state
    assert found in finding.found
    assert mend in finding.mend


def test_no_node_is_ready(settings: LocalSettings, kubeconfig: Path) -> None:
    finding = with_cluster(settings, kubeconfig, [node(ready="False")])["cluster"]

    assert finding == Finding("warn", "it answers: 0 of 1 nodes are ready", "kubectl describe nodes says why")


def test_load_balancers_that_wait_for_an_address(settings: LocalSettings, kubeconfig: Path) -> None:
    finding = with_cluster(settings, kubeconfig, [node()], [service("LoadBalancer")])["load balancers"]
    assert (finding.state, finding.found) == ("fail", "no address yet for iris/iris")
    assert "cloud-provider-kind" in finding.mend

    assert with_cluster(settings, kubeconfig, [node()])["load balancers"].state == "skipped"


@pytest.mark.usefixtures("kubeconfig")
def test_images(settings: LocalSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    def found(**keys: object) -> Finding:
        return examine(settings.model_copy(update=keys))["images"]

    assert (found().state, found().found) == ("fail", "kind is missing")
    assert found().mend == "install it, or write another one into environments/local.toml: image_loader"
    assert found(context="docker-desktop") == ok("the nodes have what Docker builds")
    unknown = found(context="elsewhere")
    assert (unknown.state, "of which nobody knows" in unknown.found) == ("fail", True)
    assert "image_loader" in unknown.mend


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudSettings]:
    """An environment that trusts a repository, and GitHub's API."""
    known = load_settings("gke-dev")
    assert isinstance(known, CloudSettings)
    trusted = GithubSettings(repository="acme/models", repository_id=1, repository_owner_id=2)
    body = {"full_name": "acme/models", "id": 1, "owner": {"id": 2}}
    with serve(lambda _: Answer(body)) as port:
        monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{port}")
        yield known.model_copy(update={"github": trusted})


def test_the_repository_that_is_trusted(github: CloudSettings) -> None:
    def look(settings: CloudSettings) -> Finding:
        (result,) = run(list(workflows.checks(settings, Declared(settings))))
        return result.finding

    assert look(github) == ok("acme/models, repository 1 of owner 2")
    assert github.github is not None
    other = github.github.model_copy(update={"repository_id": 7})
    finding = look(github.model_copy(update={"github": other}))
    assert finding.state == "fail"
    assert finding.found == "acme/models is repository 1 of owner 2, and another one is trusted: 7 of 2"
    assert finding.mend == "modelyard identities gke-dev --repository acme/models, if that is yours"
    assert look(github.model_copy(update={"github": None})).state == "skipped"
