"""A sample of `make faults`: commands that were broken off reach their goal when they are run again."""

from pathlib import Path

import pytest

from faults.broken_command import Result
from faults.cases import FAULTS
from faults.matrix import Choice, run_matrix

_CASES = 8


@pytest.mark.parametrize("seed", [11])
def test_a_command_that_was_broken_off_is_simply_run_again(seed: int, tmp_path: Path) -> None:
    told: list[Result] = []

    matrix = run_matrix(Choice(sample=_CASES, seed=seed), tmp_path, told.append)

    assert len(matrix.results) == len(told) == _CASES
    for result in matrix.results:
        assert result.is_good, f"{result.case}: {result.findings}\n{result.problem}"
        # The first was broken off, or has mended by itself what an answer that got lost has left.
        assert result.codes[0] or result.case.fault == "error", result.case
        assert result.codes[1] == 0
    assert {result.case.cloud for result in matrix.results} == {"gke", "aks"}
    assert len({result.case.fault for result in matrix.results}) > len(FAULTS) / 2
