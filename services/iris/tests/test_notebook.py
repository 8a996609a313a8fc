import json
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from services.iris.tests.program import RUNTIME

CopyExample = Callable[[Path], None]


@pytest.fixture
def copy_example() -> CopyExample:
    """As the image does it when it starts."""
    copy: CopyExample = runpy.run_path(str(RUNTIME / "notebook" / "start.py"))["copy_example"]
    return copy


def test_the_example_is_committed_without_anything_that_a_run_leaves() -> None:
    notebook = json.loads((RUNTIME / "notebook" / "iris.ipynb").read_text())

    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code
    assert [cell for cell in code if cell["outputs"] or cell["execution_count"]] == []
    assert all(cell["metadata"] == {} for cell in notebook["cells"])


def test_a_new_disk_gets_the_example(tmp_path: Path, copy_example: CopyExample) -> None:
    (tmp_path / "lost+found").mkdir()

    copy_example(tmp_path)

    assert (tmp_path / "iris.ipynb").read_bytes() == (RUNTIME / "notebook" / "iris.ipynb").read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["iris.ipynb", "lost+found"]


def test_what_people_saved_is_left_as_it_is(tmp_path: Path, copy_example: CopyExample) -> None:
    (tmp_path / "iris.ipynb").write_text("changed")
    copy_example(tmp_path)
    assert (tmp_path / "iris.ipynb").read_text() == "changed"

    (tmp_path / "iris.ipynb").rename(tmp_path / "mine.ipynb")
    copy_example(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["mine.ipynb"]


@pytest.mark.parametrize("image", [".", "notebook", "training"])
def test_no_image_replaces_what_is_in_the_layer_that_they_share(image: str) -> None:
    def pins(file: Path) -> set[str]:
        return {line.removesuffix(" \\") for line in file.read_text().splitlines() if "==" in line.partition(" ")[0]}

    shared = pins(RUNTIME / "base" / "requirements.txt")

    assert shared
    assert shared - pins(RUNTIME / image / "requirements.txt") == set()
