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


def test_settings_are_read_without_starting_cdktf_or_loading_a_service() -> None:
    program = """
import sys
from stacks.environments import environment_names, load_settings
for name in environment_names():
    load_settings(name)
print([name for name in sys.modules if name in ("cdktf", "jsii") or name.endswith(".service")])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, timeout=60, capture_output=True, text=True
    )

    assert done.stdout == "[]\n"


def test_the_command_line_starts_without_cdktf() -> None:
    slow = {"azure", "cdktf", "cyclonedx", "github", "google.auth", "googleapiclient", "grpc", "jsii"}
    program = f"import sys, commands.app; print({slow} & sys.modules.keys() or 'none')"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "none\n"
