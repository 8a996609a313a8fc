import subprocess
import sys
from pathlib import Path

import constructs

from stacks.paths import ROOT


def test_constructs_stays_the_library_of_pypi() -> None:
    assert constructs.__file__ is not None
    assert "site-packages" in Path(constructs.__file__).parts


def test_the_source_root_holds_nothing_but_modelyard() -> None:
    names = {path.name for path in (ROOT / "constructs").iterdir()} - {"__pycache__"}

    assert names == {"modelyard"}


def test_importing_main_synthesises_nothing(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", "import main"], cwd=tmp_path, check=True, timeout=60)

    assert list(tmp_path.iterdir()) == []


def test_the_library_does_not_know_the_stacks() -> None:
    importing = [
        path.name
        for path in (ROOT / "constructs" / "modelyard").rglob("*.py")
        if any(line.startswith(("from stacks", "import stacks")) for line in path.read_text().splitlines())
    ]

    assert importing == []
