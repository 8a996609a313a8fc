import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import constructs

from stacks.paths import ROOT

LONGEST_FILE, LONGEST_FUNCTION = 400, 60


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


def sources() -> Iterator[tuple[str, str]]:
    """Name and text of each Python file that Git knows, or would add."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines():
        if (ROOT / name).is_file():
            yield name, (ROOT / name).read_text()


def test_no_file_is_longer_than_a_newcomer_reads_at_once() -> None:
    assert [name for name, text in sources() if text.count("\n") > LONGEST_FILE] == []


def test_no_function_does_more_than_fits_on_a_page() -> None:
    """Counted without signature and docstring, which are there to be long where arguments are many."""
    long = [
        f"{name}: {node.name}"
        for name, text in sources()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and body_lines(node) > LONGEST_FUNCTION
    ]

    assert long == ["tests/leftovers/azure_estate.py: plant_nodes"]


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    last = function.body[-1].end_lineno
    assert last is not None
    documented = ast.get_docstring(function) is not None
    before = function.body[0].end_lineno if documented else function.body[0].lineno - 1
    assert before is not None
    return last - before
