"""What a rehearsal plans is what the real providers plan."""

from pathlib import Path

from comparison.changes import CHANGES
from comparison.report import DOCUMENT, document, stacks_of
from comparison.runs import compare
from tests.e2e.conftest import Proof


def test_plans_are_those_of_the_real_providers_leaf_by_leaf(tmp_path: Path, plugins: Path, proof: Proof) -> None:
    rows = list(compare(tmp_path, plugins))

    found = [row.change for row in rows if row.change]
    assert [change for change in CHANGES if change not in found] == []
    assert {str(row): row.forwarded for row in rows if row.forwarded} == {}
    # And the simulator alone differs where it is written that it does. A new service need not stand there yet.
    text = DOCUMENT.read_text()
    named = stacks_of(text)
    assert text == document(text, [row for row in rows if row.stack in named]), "make compare"
    leaves, alone = sum(row.leaves for row in rows), sum(len(row.alone) for row in rows)
    proof(f"{len(rows)} plans, {leaves:,} leaves: none differs with the real plugins, {alone} with the simulator alone")
