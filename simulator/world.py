"""The world that the simulated providers act on: one JSON file for each thing that exists, in one folder.

    DIR/google/google_storage_bucket/estate-state.json
    DIR/clusters/192.0.2.7/deployment/image-classifier/image-classifier.json
    DIR/images.json

A file holds the resource's Terraform values. Edit one and Terraform sees drift; delete one and it is gone.
"""

import fcntl
import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

Values = dict[str, Any]


class Scope:
    """The things of one cloud, or of one Kubernetes cluster, by type and key (most often the id)."""

    def __init__(self, folder: Path, root: str = "") -> None:
        """Starts keys with `root`, which the files' paths go without."""
        self.folder = folder
        self._root = root

    def get(self, type_name: str, key: str) -> Values | None:
        """Gives the values of the thing, or None if there is none."""
        return _read(self._file(type_name, key))

    def all(self, type_name: str) -> dict[str, Values]:
        """Gives the values of all things of one type, by key."""
        things = {key: self.get(type_name, key) for key in self.keys(type_name)}
        return {key: thing for key, thing in things.items() if thing is not None}

    def keys(self, type_name: str) -> list[str]:
        """Names all things of one type."""
        folder = self.folder / type_name
        files = sorted(folder.rglob("*.json"))
        return [self._root + unquote(str(file.relative_to(folder)).removesuffix(".json")) for file in files]

    def types(self) -> list[str]:
        """Names the types of which something may exist."""
        return sorted(folder.name for folder in self.folder.glob("*/"))

    def put(self, type_name: str, key: str, values: Values) -> None:
        """Writes the thing, whole or not at all."""
        write_json(self._file(type_name, key), values)

    def delete(self, type_name: str, key: str) -> None:
        """Removes the thing, if it is there."""
        self._file(type_name, key).unlink(missing_ok=True)

    def _file(self, type_name: str, key: str) -> Path:
        # A name of dots would lead out of the folder.
        names = key.removeprefix(self._root).split("/")
        parts = [quote(part, safe="@:") if part.strip(".") else part.replace(".", "%2E") for part in names]
        return self.folder.joinpath(type_name, *parts[:-1], f"{parts[-1]}.json")


class World:
    """A folder that holds the simulated clouds and clusters."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.google = Scope(folder / "google")
        self.azurerm = Scope(folder / "azurerm", root="/")
        self._thread_lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other threads and processes from changing the world meanwhile."""
        with self._thread_lock, (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def cluster(self, endpoint: str) -> Scope:
        """Gives the Kubernetes world behind the endpoint (an IP address or a host name)."""
        return Scope(self.folder / "clusters" / quote(endpoint, safe=""))

    def delete_cluster(self, endpoint: str) -> None:
        """Removes all that is in the cluster."""
        shutil.rmtree(self.cluster(endpoint).folder, ignore_errors=True)

    def built_images(self) -> list[str]:
        """Gives the image references that were built and pushed."""
        try:
            return list(json.loads((self.folder / "images.json").read_text()))
        except FileNotFoundError:
            return []

    def set_built_images(self, references: list[str]) -> None:
        """Writes which images were built and pushed: REGISTRY/NAME:TAG."""
        write_json(self.folder / "images.json", sorted(references))

    def contents(self) -> list[tuple[str, str]]:
        """Lists the type and key of each thing that exists, but for APIs that stay enabled at no cost."""
        scopes = [
            self.google,
            self.azurerm,
            *(Scope(folder) for folder in sorted((self.folder / "clusters").glob("*/"))),
        ]
        return [
            (type_name, key)
            for scope in scopes
            for type_name in scope.types()
            for key, values in scope.all(type_name).items()
            if not _stays(type_name, values)
        ]


def _stays(type_name: str, values: Values) -> bool:
    """Says whether Terraform itself leaves the thing where it is."""
    if type_name == "google_project_service":
        return values.get("disable_on_destroy") is False
    return "stays" in values


# What was read, by file, with the file's inode and time of change: whoever writes makes a new file.
_cache: dict[Path, tuple[tuple[int, int], Values]] = {}


def _read(file: Path) -> Values | None:
    try:
        status = file.stat()
        signature = (status.st_ino, status.st_mtime_ns)
        cached = _cache.get(file)
        if cached is None or cached[0] != signature:
            cached = _cache[file] = (signature, dict(json.loads(file.read_text())))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ValueError(f"{file}: no JSON object: {error}") from error
    return dict(cached[1])


def write_json(file: Path, content: object) -> None:
    """Writes the file in one step, so that a killed process leaves the old content or the new."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.{threading.get_ident()}.part")
    part.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    part.replace(file)
