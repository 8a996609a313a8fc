"""The documents' Python is type-checked as the code is, and their TOML read as what it is for."""

import tomllib
from pathlib import Path
from textwrap import indent
from typing import Any

import modelyard

import pytest
from mypy import api

from policies import exceptions
from stacks.clouds import settings_model
from stacks.environments import environment_file
from stacks.paths import ROOT
from tests.docs.blocks import Block, all_blocks

BLOCKS = all_blocks()
PYTHON = [block for block in BLOCKS if block.language == "python"]
TOML = [block for block in BLOCKS if block.language == "toml"]


def program(block: Block) -> str:
    """The block with what its comments say is there already."""
    if block.said.get("inside") == "declare":
        names = ", ".join(sorted(dir(modelyard)))
        head = f"from modelyard import {names}\n\nfrom stacks.service import ServiceStack\n\n\n"
        return f"{head}class Example(ServiceStack):\n    def declare(self) -> None:\n{indent(block.content, ' ' * 8)}"
    given = block.said.get("given", "")
    if given.startswith("from "):
        return f"{given}\n\n{block.content}"
    return (
        "".join([f"from typing import Any\n\n{name.strip()}: Any\n" for name in given.split(",") if given])
        + block.content
    )


@pytest.mark.slow
def test_python_is_type_checked(tmp_path: Path) -> None:
    files = {}
    for number, block in enumerate(PYTHON):
        (file := tmp_path / f"block_{number}.py").write_text(program(block))
        files[file.name] = block.place

    out, _, code = api.run(["--config-file", str(ROOT / "pyproject.toml"), *map(str, tmp_path.glob("*.py"))])

    for name, place in files.items():
        out = out.replace(str(tmp_path / name), place)
    assert code == 0, out


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: block.place)
def test_python_can_be_read(block: Block) -> None:
    compile(program(block), block.place, "exec")


@pytest.mark.parametrize("block", TOML, ids=lambda block: block.place)
def test_toml_is_read_as_what_it_is_for(block: Block, tmp_path: Path) -> None:
    values = tomllib.loads(block.content)
    if "exception" in values:
        (file := tmp_path / "exceptions.toml").write_text(block.content)
        assert exceptions.load(file)
        return
    file = ROOT / block.said["inside"] if "inside" in block.said else environment_file("gke-dev")
    whole = merged(tomllib.loads(file.read_text()), values)
    settings_model(whole["cloud"]).model_validate(whole | {"name": file.stem})


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Tables together, all else as it is above."""
    both = {key: merged(below[key], above[key]) for key in above if isinstance(below.get(key), dict)}
    return {**below, **above, **both}
