"""What an environment declares: its file, its stacks, and the plugins that these want."""

import os
from pathlib import Path

from modelyard.errors import ConfigurationError

import pytest

from commands.deployment import _mend
from doctor.check import Finding, run
from doctor.declared import Declared, settings_check
from stacks.environments import load_settings
from stacks.gke.settings import GkeSettings
from stacks.paths import ENVIRONMENTS
from tests.leftovers.http_server import Answer, serve


@pytest.fixture(scope="module")
def declared() -> Declared:
    """What a cluster of one's own gets."""
    return Declared(load_settings("local"))


def look(declared: Declared, name: str) -> Finding:
    return {each.check.name: each.finding for each in run(list(declared.checks()))}[name]


def test_a_file_that_is_wrong_is_told_as_everywhere(tmp_path: Path) -> None:
    text = (ENVIRONMENTS / "gke-dev.toml").read_text().replace("max_nodes = 6", "max_nodes = 0")
    (tmp_path / "gke-dev.toml").write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        load_settings("gke-dev", tmp_path)

    (result,) = run([settings_check("gke-dev", refused.value)])

    assert result.finding.state == "fail"
    assert "max_nodes" in result.finding.found
    assert result.finding.mend == refused.value.mend
    (result,) = run([settings_check("gke-dev", None)])
    assert result.finding == Finding("ok", "environments/gke-dev.toml")


def test_stacks_that_cannot_be_deployed() -> None:
    settings = load_settings("gke-dev")
    assert isinstance(settings, GkeSettings)
    pool = settings.cluster.node_pool.model_copy(update={"max_nodes": 1})
    cluster = settings.cluster.model_copy(update={"node_pool": pool})

    found = {
        each.check.name: each.finding
        for each in run(list(Declared(settings.model_copy(update={"cluster": cluster})).checks()))
    }

    assert found["stacks"].state == "fail"
    assert "what services and add-ons request does not fit the nodes" in found["stacks"].found
    assert "cluster.node_pool.max_nodes" in found["stacks"].mend
    assert found["provider plugins"] == Finding("skipped", "needs stacks")


def test_plugins(declared: Declared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with serve(lambda _: Answer({})) as port:
        registry = f"http://127.0.0.1:{port}/.well-known/terraform.json"
        monkeypatch.setattr("doctor.declared._REGISTRY", registry)
        assert look(declared, "provider plugins").found == "helm 3.1.1, kubernetes 2.38.0, from registry.terraform.io"
    finding = look(declared, "provider plugins")
    assert finding.state == "fail"
    assert finding.found.startswith("helm, kubernetes: on this machine no plugin, and no answer of registry.")
    assert "HTTPS_PROXY" in finding.mend

    for name, version in (("helm", "3.1.1"), ("kubernetes", "2.38.0")):
        place = tmp_path / "registry.terraform.io" / "hashicorp" / name / version / "linux_amd64"
        place.mkdir(parents=True)
        (place / f"terraform-provider-{name}_v{version}").touch()
    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", str(tmp_path))
    assert look(declared, "provider plugins").found == "helm 3.1.1, kubernetes 2.38.0, all on this machine"


@pytest.mark.parametrize(
    ("said", "is_lacking"),
    [
        ("could not find default credentials. See https://cloud.google.com/docs/authentication", True),
        ("googleapi: Error 403: Insufficient regional quota to satisfy request", True),
        ("unable to build authorizer: could not configure AzureCli Authorizer: please run `az login`", True),
        ("Error: Invalid index", False),
    ],
)
def test_a_deploy_that_lacks_something_names_the_doctor(said: str, *, is_lacking: bool) -> None:
    assert ("modelyard doctor gke-dev" in _mend(said, "gke-dev")) == is_lacking
