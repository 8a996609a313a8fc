"""Measurements measure: each part once, with as little as it can be done with."""

import sys
from functools import partial
from pathlib import Path

import pytest

from bench import deploys, floors, previews, synth
from bench.__main__ import DOCUMENT, PARTS, document
from bench.process import measured
from bench.samples import Samples, ratios, take_turns
from stacks.paths import ROOT


def test_ratios_are_of_the_same_repetition_and_shown_with_their_spread() -> None:
    found = ratios(Samples((10.0, 30.0, 12.0)), Samples((5.0, 10.0, 4.0)))

    assert found.values == (2.0, 3.0, 3.0)
    assert found.shown() == "3.0 (2.0 to 3.0)"
    assert Samples((1234.5,)).shown() == "1,234.5 (once)"


def test_each_repetition_begins_with_another_way() -> None:
    turns: list[str] = []

    def turn(name: str) -> int:
        turns.append(name)
        return len(turns)

    found = take_turns({name: partial(turn, name) for name in "abc"}, 2)

    assert "".join(turns) == "abcbca"
    assert found == {"a": [1, 6], "b": [2, 4], "c": [3, 5]}


def test_a_process_is_measured_with_its_children() -> None:
    child = "x = bytearray(60_000_000); import time; time.sleep(0.4)"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"

    run = measured([sys.executable, "-c", program], variables={}, folder=ROOT, memory=True)

    assert run.seconds > 0.4
    assert run.cpu_seconds > 0
    assert run.megabytes > 60


def test_a_process_that_fails_ends_the_measurement_with_what_it_said() -> None:
    with pytest.raises(SystemExit, match="exit code 3\nno such estate"):
        measured([sys.executable, "-c", "print('no such estate'); exit(3)"], variables={}, folder=ROOT)


def test_the_phases_of_a_synth_are_all_of_it(tmp_path: Path) -> None:
    found = synth.synthesise(synth.OURS, synth.Size(1, 1), tmp_path)

    assert [*found.phases] == ["Python starts", "Python imports", "jsii starts in Node", "constructs", "synth", "exit"]
    assert min(found.phases.values()) > 0
    assert sum(found.phases.values()) == pytest.approx(found.run.seconds)
    assert (tmp_path / "ours" / "out" / "stacks" / "gke-dev-model-0" / "cdk.tf.json").is_file()
    tables = synth.tables([synth.Comparison(synth.Size(1, 1), {synth.STOCK: [found], synth.OURS: [found]})])
    assert f"| 1 | {found.run.seconds:.2f} (once) | {found.run.seconds:.2f} (once) | **1.0 (once)** |" in tables
    assert f"| synth | {found.phases['synth']:.2f} |" in tables


def test_what_is_measured_goes_between_the_marks_of_its_part() -> None:
    text = DOCUMENT.read_text()

    for part in PARTS:
        before, _, rest = text.partition(f"<!-- {part}: written by make bench -->")
        after = rest.partition(f"<!-- end of {part} -->")[2]
        written = document(text, part, "| a table |")
        assert written.startswith(before)
        assert written.endswith(after)
        assert "| a table |" in written


@pytest.mark.slow
def test_stock_and_ours_write_the_same(tmp_path: Path) -> None:
    found = synth.compare(synth.Size(1, 1), tmp_path)

    assert "| 1 |" in synth.tables([found])


@pytest.mark.slow
def test_every_way_deploys_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    # Stock's imports would take minutes; that these write the same is shown above.
    monkeypatch.setitem(deploys._IMPORTS, deploys.STOCK, {})
    assert deploys.report([deploys.Size(2, 1)]).count("(once)") == 18


@pytest.mark.slow
def test_every_way_to_preview_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    # As above.
    monkeypatch.setattr(previews, "_STOCK", {})
    assert "All say the same 2 changed values of 2 stacks" in previews.report(services=2, repetitions=1)


@pytest.mark.slow
def test_every_floor_is_there() -> None:
    assert floors.OURS in floors.report(repetitions=1)
