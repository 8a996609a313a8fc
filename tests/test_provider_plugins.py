import zipfile
from pathlib import Path

from modelyard.errors import ConfigurationError

import pytest

from simulator.plugin_binaries import FORWARDED, RECORDED_VERSIONS, forwarded_plugins, system
from stacks.clouds import CLOUDS
from terraform_cli.plugin_installation import install
from terraform_cli.plugins import plugin_folders, plugins_of_checkout, whose_plans
from tests.plugin_mirror import only_from, place_of_archive

GOOGLE = RECORDED_VERSIONS["google"]


def put(mirror: Path, provider: str, version: str, machine: str | None = None) -> None:
    folder = mirror / "registry.terraform.io" / "hashicorp" / provider / version / (machine or system())
    folder.mkdir(parents=True)
    (folder / f"terraform-provider-{provider}_v{version}_x5").touch()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, and nothing in the environment."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One in which nothing was deployed."""
    (folder := tmp_path / "checkout").mkdir()
    return folder


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_machine_without_plugins_plans_with_the_simulator_and_is_told_how_to_get_them(
    checkout: Path, cloud: str
) -> None:
    assert plugin_folders(checkout) == []
    said = whose_plans([], cloud)
    assert said.startswith("the plans are the simulator's own")
    assert said.endswith("(`make plugins` gets those)")


def test_plugins_are_found_where_terraform_finds_them(
    checkout: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, mirror, other, local = folders = [
        tmp_path / "cache",
        tmp_path / "mirror",
        tmp_path / "other",
        home / ".terraform.d" / "plugins",
    ]
    for folder in folders:
        folder.mkdir(parents=True)
    monkeypatch.setenv("MIRRORS", str(tmp_path))
    (home / ".terraformrc").write_text(
        f"""
        # plugin_cache_dir = "{other}"
        plugin_cache_dir = "$MIRRORS/cache"
        provider_installation {{
          filesystem_mirror {{
            # the team's
            path    = "{mirror}"
            include = ["registry.terraform.io/hashicorp/*"]
          }}
          filesystem_mirror {{ path = "{tmp_path}/missing" }}
          direct {{}}
        }}
        """
    )
    assert plugin_folders(checkout) == [cache, mirror, local]

    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", str(other))
    assert plugin_folders(checkout) == [other, cache, mirror, local]

    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "none.rc"))
    assert plugin_folders(checkout) == [other, local]


def test_just_the_recorded_version_for_this_machine_counts(tmp_path: Path) -> None:
    put(tmp_path, "google", "6.49.0")
    put(tmp_path, "google", GOOGLE, machine="plan9_mips")
    assert whose_plans([tmp_path], "gke").startswith("the plans are the simulator's own")

    put(tmp_path, "google", GOOGLE)
    put(tmp_path, "helm", RECORDED_VERSIONS["helm"])
    said = whose_plans([tmp_path], "gke")
    assert f"those of the real google {GOOGLE};" in said
    assert "kubernetes (no plugin 2.38.0 found: `make plugins` gets it) and helm (which would fetch its charts)" in said


def test_just_the_providers_of_the_environments_cloud_are_spoken_of(tmp_path: Path) -> None:
    for name, version in RECORDED_VERSIONS.items():
        put(tmp_path, name, version)
    assert "real google 6.50.0 and kubernetes 2.38.0; the simulator's own for helm" in whose_plans([tmp_path], "gke")
    assert "real azurerm 4.55.0 and kubernetes 2.38.0; the simulator's own for helm" in whose_plans([tmp_path], "aks")
    assert "real kubernetes 2.38.0; the simulator's own for helm" in whose_plans([tmp_path], "local")


def test_what_terraform_has_installed_for_stacks_of_the_checkout_is_at_hand(checkout: Path) -> None:
    whole, broken_off = (checkout / "cdktf.out" / "stacks" / name for name in ("gke-dev-cluster", "gke-dev-iris"))
    for stack in (whole, broken_off):
        put(stack / ".terraform" / "providers", "google", GOOGLE)
    # Terraform writes it last.
    (whole / ".terraform.lock.hcl").touch()

    assert plugin_folders(checkout) == [whole / ".terraform" / "providers"]


def packed(mirror: Path, provider: str) -> Path:
    """An archive as the registry has it, in a mirror that holds such."""
    archive = place_of_archive(mirror, provider)
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"terraform-provider-{provider}_v{RECORDED_VERSIONS[provider]}_x5", "a program")
    return archive


@pytest.fixture
def mirror(tmp_path: Path, home: Path) -> Path:
    """An empty mirror, from which alone Terraform gets plugins."""
    (folder := tmp_path / "archives").mkdir()
    only_from(folder, home / ".terraformrc")
    return folder


def test_terraform_installs_plugins_where_they_are_found(checkout: Path, mirror: Path) -> None:
    for name in FORWARDED:
        packed(mirror, name)
    # Of a version before, and what a killed installation has left.
    put(plugins_of_checkout(checkout), "google", "6.49.0")
    put(plugins_of_checkout(checkout) / "tmp1" / ".terraform" / "providers", "azurerm", RECORDED_VERSIONS["azurerm"])
    assert forwarded_plugins(plugin_folders(checkout)) == {}

    assert install(checkout) == plugins_of_checkout(checkout)

    found = forwarded_plugins(plugin_folders(checkout))
    assert found.keys() == set(FORWARDED)
    assert {binary.read_text() for binary in found.values()} == {"a program"}
    versions = found["google"].parent.parent.parent
    assert [folder.name for folder in versions.iterdir()] == [GOOGLE]

    install(checkout)
    assert forwarded_plugins(plugin_folders(checkout)) == found


def test_what_terraform_cannot_get_is_said_in_its_words_and_nothing_is_left(checkout: Path, mirror: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        install(checkout)
    assert "in any of the search locations" in " ".join(caught.value.what.split())
    assert "name a mirror" in caught.value.mend

    *_, archive = [packed(mirror, name) for name in FORWARDED]
    archive.write_bytes(archive.read_bytes()[:40])
    with pytest.raises(ConfigurationError, match="hashicorp/kubernetes"):
        install(checkout)

    assert [*plugins_of_checkout(checkout).iterdir()] == []
    assert forwarded_plugins(plugin_folders(checkout)) == {}
