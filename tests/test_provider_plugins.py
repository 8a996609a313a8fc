from pathlib import Path

import pytest

from simulator.plugin_binaries import RECORDED_VERSIONS, system
from terraform_cli.plugins import plugin_folders, whose_plans

GOOGLE = RECORDED_VERSIONS["google"]


def install(mirror: Path, provider: str, version: str, machine: str | None = None) -> None:
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


def test_a_machine_without_plugins_plans_with_the_simulator() -> None:
    assert plugin_folders() == []
    assert whose_plans([], "gke").startswith("the plans are the simulator's own")


def test_plugins_are_found_where_terraform_finds_them(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
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
    assert plugin_folders() == [cache, mirror, local]

    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", str(other))
    assert plugin_folders() == [other, cache, mirror, local]

    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "none.rc"))
    assert plugin_folders() == [other, local]


def test_just_the_recorded_version_for_this_machine_counts(tmp_path: Path) -> None:
    install(tmp_path, "google", "6.49.0")
    install(tmp_path, "google", GOOGLE, machine="plan9_mips")
    assert whose_plans([tmp_path], "gke").startswith("the plans are the simulator's own")

    install(tmp_path, "google", GOOGLE)
    install(tmp_path, "helm", RECORDED_VERSIONS["helm"])
    said = whose_plans([tmp_path], "gke")
    assert f"those of the real google {GOOGLE};" in said
    assert "kubernetes (no plugin 2.38.0 found) and helm (which would fetch its charts)" in said


def test_just_the_providers_of_the_environments_cloud_are_spoken_of(tmp_path: Path) -> None:
    for name, version in RECORDED_VERSIONS.items():
        install(tmp_path, name, version)
    assert "real google 6.50.0 and kubernetes 2.38.0; the simulator's own for helm" in whose_plans([tmp_path], "gke")
    assert "real azurerm 4.55.0 and kubernetes 2.38.0; the simulator's own for helm" in whose_plans([tmp_path], "aks")
