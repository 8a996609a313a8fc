"""What `modelyard images` decides; that it builds and loads is shown end to end."""

import io
import json
import shutil
import tarfile
from pathlib import Path

from modelyard.errors import ConfigurationError

import pytest

from images.loader import load_command
from images.sbom import write_sbom
from tests.command_line import refusal

ARCHIVE = Path("/tmp/image.tar")  # noqa: S108 - a name, nothing is written there
DPKG = """Package: libc6
Status: install ok installed
Version: 2.36-9+deb12u10

Package: gone
Status: deinstall ok config-files
Version: 1.0
"""


@pytest.mark.parametrize(
    ("context", "image_loader", "command"),
    [
        ("kind-models", [], ["kind", "load", "image-archive", "/tmp/image.tar", "--name", "models"]),  # noqa: S108
        ("minikube", [], ["minikube", "image", "load", "/tmp/image.tar"]),  # noqa: S108
        ("docker-desktop", [], None),
        ("default", ["k3s", "ctr", "images", "import"], ["k3s", "ctr", "images", "import", "/tmp/image.tar"]),  # noqa: S108
        # What is written wins over what is known.
        ("kind-models", ["my-loader"], ["my-loader", "/tmp/image.tar"]),  # noqa: S108
    ],
)
def test_each_kind_of_cluster_has_its_way_to_get_an_image(
    context: str, image_loader: list[str], command: list[str] | None
) -> None:
    assert load_command(context, image_loader, ARCHIVE) == command


def test_a_cluster_of_which_nothing_is_known_needs_a_command() -> None:
    with pytest.raises(ConfigurationError, match="image_loader ="):
        load_command("my-cluster", [], ARCHIVE)


def layer(**files: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            add(tar, name, content.encode())
    return packed.getvalue()


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def test_the_bill_has_what_the_last_layer_leaves(tmp_path: Path) -> None:
    packages = "usr/lib/python3/site-packages"
    layers = {
        "one.tar": layer(
            **{
                "var/lib/dpkg/status": DPKG,
                f"{packages}/flask-3.0.dist-info/METADATA": "Name: Flask\nVersion: 3.0\n\nLong text\nVersion: 9",
                f"{packages}/pip-24.0.dist-info/METADATA": "Name: pip\nVersion: 24.0\n",
            }
        ),
        "two.tar": layer(
            **{
                f"{packages}/.wh.flask-3.0.dist-info": "",
                f"{packages}/flask-3.1.dist-info/METADATA": "Name: Flask\nVersion: 3.1\n",
            }
        ),
    }
    archive, file = tmp_path / "image.tar", tmp_path / "bills" / "image.cdx.json"
    with tarfile.open(archive, "w") as image:
        add(image, "manifest.json", json.dumps([{"Layers": list(layers)}]).encode())
        for name, content in layers.items():
            add(image, name, content)

    assert write_sbom(archive, "localhost:5001/web:0123456789abcdef", file) == 3

    bill = json.loads(file.read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    subject = bill["metadata"]["component"]
    assert (subject["name"], subject["version"]) == ("localhost:5001/web", "0123456789abcdef")
    assert {each["purl"] for each in bill["components"]} == {
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10",
        "pkg:pypi/flask@3.1",
        "pkg:pypi/pip@24.0",
    }


def test_nodes_in_a_cloud_pull_and_nothing_is_loaded_into_them() -> None:
    assert "modelyard images gke-dev --push" in refusal("images", "gke-dev", "--load")


def test_a_machine_without_builder_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = shutil.which("node")
    assert node
    (tmp_path / "node").symlink_to(node)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert "neither docker nor buildah" in refusal("images", "local")
