import json
from pathlib import Path

NOTEBOOK = json.loads((Path(__file__).parents[1] / "fashion_mnist.ipynb").read_text())
CODE = {cell["id"]: cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"}


def test_the_notebook_is_committed_without_anything_that_a_run_leaves() -> None:
    assert CODE
    assert [name for name, cell in CODE.items() if cell["outputs"] or cell["execution_count"]] == []


def test_every_cell_that_needs_the_cluster_says_so() -> None:
    tagged = {name for name, cell in CODE.items() if cell["metadata"].get("tags") == ["cluster"]}
    using = {name for name, cell in CODE.items() if "endpoint." in "".join(cell["source"])}

    assert tagged == using | {"endpoint"}
