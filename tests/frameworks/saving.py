"""Saves models in a process of its own: `python -m tests.frameworks.saving FOLDER NAME…` prints their versions as JSON.

FOLDER/NAME/model is what was saved; FOLDER/NAME/asked.json is a request by version 1 and the model's own answer to it.
"""

import json
import sys
from pathlib import Path
from typing import Any

from modelyard.serving.formats import save

import numpy as np

from tests.frameworks.models import CASES


def _rows(arrays: list[Any], names: list[str]) -> list[Any]:
    """As version 1 has them: plain for one input or output, else objects."""
    lists = [np.asarray(each).tolist() for each in arrays]
    return lists[0] if len(lists) == 1 else [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]


def _saved(name: str, folder: Path) -> str:
    case = CASES[name]()
    saved = save(case.model, folder / "model", example=case.example)
    described = json.loads((folder / "model" / "model.json").read_text())
    inputs = list(case.example) if isinstance(case.example, tuple) else [case.example]
    answer = case.own()
    outputs = answer if isinstance(answer, list) and len(described.get("outputs", [0])) > 1 else [answer]
    asked = {
        "request": {"instances": _rows(inputs, [each["name"] for each in described["inputs"]])},
        "answer": {"predictions": _rows(outputs, [each["name"] for each in described.get("outputs", [{"name": ""}])])},
    }
    (folder / "asked.json").write_text(json.dumps(asked))
    return saved.version


if __name__ == "__main__":
    root, *chosen = sys.argv[1:]
    print(json.dumps({name: _saved(name, Path(root) / name) for name in chosen}))  # noqa: T201 - what it is for
