"""Where the images that this repo builds come from, and when: by Git, and by the bills of materials of builds here."""

import datetime
import json
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from report.model import Origin
from stacks.paths import ROOT

_COMMIT = "commit "


def origins(folders: Mapping[str, Path], bills: Path, repository: Path = ROOT) -> dict[str, Origin]:
    """What is known of each image.

    Args:
        folders: What each is built from, by its reference.
        bills: The folder of `modelyard images`, with a bill of materials for each image that was built here.
        repository: Where the folders are.
    """
    names = {reference: folder.relative_to(repository).as_posix() for reference, folder in folders.items()}
    committed = _committed(sorted(set(names.values())), repository)
    return {reference: _origin(name, committed, _bill(reference, bills)) for reference, name in names.items()}


def _origin(
    folder: str, committed: Mapping[str, tuple[datetime.datetime | None, bool]], bill: Mapping[str, Any]
) -> Origin:
    at, is_changed = committed.get(folder, (None, False))
    written = None
    with suppress(KeyError, TypeError, ValueError):
        written = datetime.datetime.fromisoformat(bill["metadata"]["timestamp"]).astimezone(datetime.UTC)
    return Origin(folder, at, is_changed, written, len(bill.get("components") or []))


def _bill(reference: str, bills: Path) -> Mapping[str, Any]:
    label = reference.rpartition("/")[2].replace(":", "-")
    with suppress(OSError, ValueError):
        content = json.loads((bills / f"{label}.cdx.json").read_text())
        return content if isinstance(content, dict) else {}
    return {}


def _committed(folders: list[str], repository: Path) -> dict[str, tuple[datetime.datetime | None, bool]]:
    """When a commit last changed each folder, and whether its files differ from that; nothing where Git has no say."""
    # A shallow clone dates all files at its last commit.
    if not folders or _git(repository, "rev-parse", "--is-shallow-repository").strip() != "false":
        return {}
    changed = [line[3:] for line in _git(repository, "status", "--porcelain", "--", *folders).splitlines()]
    found: dict[str, datetime.datetime] = {}
    at = None
    log = _git(repository, "log", f"--format={_COMMIT}%cI", "--name-only", "--", *folders)
    for line in log.splitlines():
        if line.startswith(_COMMIT):
            at = datetime.datetime.fromisoformat(line.removeprefix(_COMMIT)).astimezone(datetime.UTC)
        elif at:
            for folder in folders:
                if line.startswith(f"{folder}/"):
                    found.setdefault(folder, at)
    return {folder: (found.get(folder), any(_is_in(path, folder) for path in changed)) for folder in folders}


def _is_in(path: str, folder: str) -> bool:
    # Git names a folder that is new as a whole.
    return path.startswith(f"{folder}/") or f"{folder}/".startswith(path)


def _git(repository: Path, *arguments: str) -> str:
    """What Git prints; nothing where it is missing or this is no repository."""
    try:
        done = subprocess.run(["git", *arguments], cwd=repository, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def revision(repository: Path = ROOT) -> str:
    """The commit of the files as they are, in words."""
    commit = _git(repository, "rev-parse", "HEAD").strip()
    if not commit:
        return "files without a commit"
    return f"{commit} with uncommitted changes" if _git(repository, "status", "--porcelain") else commit
