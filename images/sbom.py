"""The bill of materials of an image: its Debian and Python packages, read from the image's own layers."""

import json
import tarfile
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot5
from packageurl import PackageURL

_DPKG = PurePosixPath("var/lib/dpkg/status")
# https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
_WHITEOUT = ".wh."


def write_sbom(archive: Path, image: str, file: Path) -> int:
    """Writes a CycloneDX 1.5 file; gives the number of packages.

    Args:
        archive: The image, in the form of `docker save`.
        image: Its name.
        file: Where to write.
    """
    found = {package for path, text in _package_metadata(archive).items() for package in _packages(path, text)}
    name, _, tag = image.rpartition(":")
    bom = Bom(
        components=[
            Component(
                name=package,
                version=version,
                type=ComponentType.LIBRARY,
                purl=PackageURL(kind, "debian" if kind == "deb" else None, package, version),
            )
            for kind, package, version in sorted(found)
        ]
    )
    bom.metadata.component = subject = Component(name=name, version=tag, type=ComponentType.CONTAINER)
    bom.register_dependency(subject, bom.components)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(JsonV1Dot5(bom).output_as_string(indent=2))
    return len(found)


def _package_metadata(archive: Path) -> dict[PurePosixPath, str]:
    """The files that name packages, as the last layer leaves them."""
    found: dict[PurePosixPath, str] = {}
    with tarfile.open(archive) as image:
        manifest = image.extractfile("manifest.json")
        assert manifest is not None  # noqa: S101 - what `docker save` writes has one
        for layer in json.load(manifest)[0]["Layers"]:
            with tarfile.open(fileobj=image.extractfile(layer)) as files:
                for member in files:
                    _apply(found, files, member)
    return found


def _apply(found: dict[PurePosixPath, str], files: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    path = PurePosixPath(member.name)
    if path.name.startswith(_WHITEOUT):
        gone = path.with_name(path.name.removeprefix(_WHITEOUT))
        for each in [each for each in found if each.is_relative_to(gone)]:
            del found[each]
    elif member.isfile() and (path == _DPKG or (path.name == "METADATA" and path.parent.suffix == ".dist-info")):
        content = files.extractfile(member)
        assert content is not None  # noqa: S101 - it is a file
        found[path] = content.read().decode(errors="replace")


def _packages(path: PurePosixPath, text: str) -> Iterator[tuple[str, str, str]]:
    """The kind, name and version of each package in a file."""
    paragraphs = text.split("\n\n") if path == _DPKG else [text]
    for paragraph in paragraphs:
        fields = HeaderParser().parsestr(paragraph)
        is_there = fields.get("Status", "install ok installed").endswith(" installed")
        if is_there and fields["Version"]:
            package, kind = (fields["Package"], "deb") if path == _DPKG else (fields["Name"], "pypi")
            yield kind, package, fields["Version"]
