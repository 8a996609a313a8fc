"""Runs the notebook, but for the cells that need a cluster."""

import os
from pathlib import Path

import nbformat  # type: ignore[import-not-found]  # only in the environment of this test
import pytest
from nbclient import NotebookClient  # type: ignore[import-not-found]  # only in the environment of this test

from services.fashion_mnist.tests.images import write_data_set

NOTEBOOK = Path(__file__).parents[2] / "fashion_mnist.ipynb"
_WITHOUT_CLUSTER = ["parameters", "data", "pictures", "training", "scores", "confusion"]


def test_the_notebook_trains_a_network_and_shows_how_good_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_data_set(tmp_path)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells = [cell for cell in code if "cluster" not in cell.metadata.get("tags", [])]
    assert [cell.id for cell in notebook.cells] == _WITHOUT_CLUSTER
    # As papermill does it: what stands below the parameters is what holds.
    notebook.cells.insert(1, nbformat.v4.new_code_cell(f"data, epochs = {str(tmp_path)!r}, 20"))
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))

    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": os.fspath(NOTEBOOK.parent)}}).execute()

    outputs = {cell.id: cell.outputs for cell in notebook.cells}
    assert outputs["data"][0].text == "200 pictures to train, 50 to test\n"
    assert outputs["scores"][0].text.endswith("\naccuracy 1.0000\n")
    pictures = [
        each for name in ("pictures", "confusion") for each in outputs[name] if "image/png" in each.get("data", {})
    ]
    assert len(pictures) == 2
