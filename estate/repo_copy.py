"""A copy of the repo, for programs that edit it, and run its commands in it."""

import shutil
import subprocess
from pathlib import Path

from stacks.paths import ROOT


def copy_of_the_repo(folder: Path) -> Path:
    """Copies what Git knows or would add, and links what `make setup` installs.

    Args:
        folder: Made by this.
    """
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for name in ("node_modules", ".venv", "engines/cdktn/node_modules"):
        if (ROOT / name).exists():
            (folder / name).symlink_to((ROOT / name).resolve())
    return folder
