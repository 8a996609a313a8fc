from pathlib import Path

from modelyard.errors import ConfigurationError
from modelyard.gcp.machine_types import node_capacity

import pytest

from stacks.environments import chosen_environment, environment_names, load_settings
from stacks.gke.settings import GkeSettings
from stacks.paths import ENVIRONMENTS

GKE_DEV = (ENVIRONMENTS / "gke-dev.toml").read_text()


def refusal(folder: Path, content: bytes) -> str:
    """What a person reads when `content` stands in environments/broken.toml."""
    (folder / "broken.toml").write_bytes(content)
    with pytest.raises(ConfigurationError) as error:
        load_settings("broken", folder)
    return str(error.value)


@pytest.mark.parametrize("name", environment_names())
def test_every_committed_environment_is_valid(name: str) -> None:
    assert load_settings(name).name == name


def test_prod_is_what_its_name_promises() -> None:
    dev, prod = load_settings("gke-dev"), load_settings("prod")
    assert isinstance(dev, GkeSettings)
    assert isinstance(prod, GkeSettings)

    assert prod.is_protected
    assert prod.project_id != dev.project_id
    assert prod.cluster.private_nodes
    assert len(prod.cluster.zones) == 2
    assert not prod.cluster.node_pool.preemptible
    capacities = [node_capacity(each.cluster.node_pool.machine_type).cpu_millicores for each in (dev, prod)]
    assert capacities[1] > capacities[0]
    assert prod.services["image-classifier"].replicas > dev.services["image-classifier"].replicas


def test_what_is_not_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    message = refusal(tmp_path, b'cloud = "gke"\nproject_id\n')

    assert "broken.toml" in message
    assert "line 2" in message


def test_what_is_not_text_is_refused(tmp_path: Path) -> None:
    assert "not TOML" in refusal(tmp_path, "# größer".encode("latin-1"))


def test_an_unknown_environment_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="did you mean gke-dev"):
        load_settings("gke-dve")


def test_a_name_that_no_cloud_takes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "GKE_dev.toml").write_text(GKE_DEV)

    with pytest.raises(ConfigurationError, match="lower-case"):
        load_settings("GKE_dev", tmp_path)


def test_settings_never_change() -> None:
    settings = load_settings("gke-dev")

    with pytest.raises(ValueError, match="frozen"):
        settings.name = "other"  # type: ignore[misc]  # the point of the test


def test_the_variable_chooses_before_the_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODELYARD_ENV", raising=False)
    monkeypatch.setenv("CDKTF_CONTEXT_JSON", '{"environment": "from-context"}')
    assert chosen_environment() == "from-context"

    monkeypatch.setenv("MODELYARD_ENV", "from-variable")
    assert chosen_environment() == "from-variable"


def test_without_the_cli_the_context_is_read_from_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODELYARD_ENV", raising=False)
    monkeypatch.delenv("CDKTF_CONTEXT_JSON", raising=False)

    assert chosen_environment() == "gke-dev"
