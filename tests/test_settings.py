from pathlib import Path

from modelyard.errors import ConfigurationError

import pytest

from stacks.environments import ENVIRONMENTS, chosen_environment, environment_names, load_settings

GKE_DEV = (ENVIRONMENTS / "gke-dev.toml").read_text()


def refusal(folder: Path, text: str) -> str:
    """What a person reads when `text` stands in environments/broken.toml."""
    (folder / "broken.toml").write_text(text)
    with pytest.raises(ConfigurationError) as error:
        load_settings("broken", folder)
    return str(error.value)


@pytest.mark.parametrize("name", environment_names())
def test_every_committed_environment_is_valid(name: str) -> None:
    assert load_settings(name).name == name


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ("max_nodes = 6", "max_nodes = 0", ["node_pool.max_nodes", "given 0", "from 1 to 1000", "max_nodes = 6"]),
        ("max_nodes = 6", 'max_nodes = "6"', ["cluster.node_pool.max_nodes", 'given "6"', "a whole number"]),
        ("max_nodes = 6", "max_node = 6", ["cluster.node_pool.max_node", "not a key", "did you mean max_nodes?"]),
        ('region = "us-central1"', "", ["region", "is missing", 'region = "us-central1"']),
        ('region = "us-central1"', 'region = "us-central1-a"', ["region", 'given "us-central1-a"', "of the form"]),
        ('cloud = "gke"', 'cloud = "eks"', ["cloud", 'given "eks"', '"gke"']),
        ("preemptible = true", 'preemptible = "yes"', ["cluster.node_pool.preemptible", "true or false"]),
        ('machine_type = "n1-standard-1"', 'machine_type = "m7i.large"', ["'m7i.large'", "n1-highmem-N"]),
        ('"REGULAR"', '"WEEKLY"', ["cluster.release_channel", 'given "WEEKLY"', '"STABLE"']),
        ("min_nodes = 1", "min_nodes = 9", ["cluster.node_pool", "min_nodes = 9 is more than max_nodes = 6"]),
        ('"03:00"', '"3 am"', ["cluster.maintenance_start", 'given "3 am"', 'maintenance_start = "03:00"']),
        ("on = 2026-11-20", 'on = "soon"', ["protection_lifted.on", 'given "soon"', "a date"]),
        ('reason = "a dev', 'reasons = "a dev', ["protection_lifted.reason", "is missing"]),
        ("replicas = 1", "replicas = 1.5", ["services.image-classifier.replicas", "given 1.5", "a whole number"]),
        ("private_nodes", "zones = ['europe-west1-b']\nprivate_nodes", ["europe-west1-b is not in region"]),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_with_file_key_value_allowed_and_mend(
    tmp_path: Path, line: str, instead: str, said: list[str]
) -> None:
    assert line in GKE_DEV

    message = refusal(tmp_path, GKE_DEV.replace(line, instead, 1))

    assert "broken.toml" in message
    assert "mend:" in message
    for part in said:
        assert part in message


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("[]", "source_ranges is empty"),
        ('["0.0.0.0/0"]', "is the whole internet"),
        ('["203.0.113.7/24"]', "host bits"),
        ('"everybody"', '"internal" or "world"'),
        ("[1]", '"internal" or "world"'),
    ],
)
def test_who_may_reach_services_must_be_a_choice(tmp_path: Path, choice: str, said: str) -> None:
    text = GKE_DEV.replace('source_ranges = ["203.0.113.0/24"]', f"source_ranges = {choice}")

    assert said in refusal(tmp_path, text)


def test_the_control_plane_cannot_be_internal(tmp_path: Path) -> None:
    text = GKE_DEV.replace('control_plane_ranges = ["203.0.113.0/24"]', 'control_plane_ranges = "internal"')

    assert "cluster.control_plane_ranges" in refusal(tmp_path, text)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = GKE_DEV.replace("max_nodes = 6", "max_nodes = 0").replace('"03:00"', '"3 am"')

    message = refusal(tmp_path, text)

    assert "max_nodes" in message
    assert "maintenance_start" in message


def test_what_is_not_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "line 2" in refusal(tmp_path, 'cloud = "gke"\nproject_id\n')


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
        settings.region = "europe-west1"  # type: ignore[misc]  # the point of the test


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
