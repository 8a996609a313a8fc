"""What a rehearsal plans is what the real providers plan."""

from pathlib import Path

from comparison.changes import CHANGES
from comparison.report import DOCUMENT, document
from comparison.runs import compare
from tests.e2e.conftest import Proof


def test_plans_are_those_of_the_real_providers_leaf_by_leaf(tmp_path: Path, plugins: Path, proof: Proof) -> None:
    rows = list(compare(tmp_path, plugins))

    assert [row.change for row in rows if row.change] == CHANGES
    assert {str(row): row.forwarded for row in rows if row.forwarded} == {}
    # And the simulator alone differs where it is written that it does, and nowhere else.
    text = DOCUMENT.read_text()
    assert text == document(text, rows), "make compare"
    leaves, alone = sum(row.leaves for row in rows), sum(len(row.alone) for row in rows)
    proof(f"{len(rows)} plans, {leaves:,} leaves: none differs with the real plugins, {alone} with the simulator alone")
