"""Each step alone, with the artifacts that the workflow declares for it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LassoCV

from services.sales_pipeline.runtime.sales_pipeline.arrays import read_arrays
from services.sales_pipeline.runtime.sales_pipeline.columns import FEATURES
from services.sales_pipeline.runtime.sales_pipeline.model import read_model
from services.sales_pipeline.runtime.sales_pipeline.scores import score
from services.sales_pipeline.runtime.sales_pipeline.training import TREES, train_forest
from services.sales_pipeline.tests.conftest import Command
from services.sales_pipeline.tests.deployed_steps import deployed_steps
from services.sales_pipeline.tests.program import run
from services.sales_pipeline.tests.sales import NOISE, write_sales

ROWS = 1_000
Rows = list[list[str]]


def test_the_deployed_workflow_is_the_one_that_is_written_in_python() -> None:
    # Every process of pytest-xdist imports all test modules; one runs this test.
    from services.sales_pipeline.workflow import FILE, workflow  # noqa: PLC0415 - Hera alone takes a second

    assert FILE.read_text() == workflow(), "run `make workflow`"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """What the artifact repository holds."""
    (folder := tmp_path / "store").mkdir()
    return folder


@pytest.fixture
def step(command: Command, store: Path, tmp_path: Path) -> Callable[..., int]:
    """Runs a step in a folder with its own inputs only; what it has written is in the store then."""

    def run_step(name: str, *arguments: str) -> int:
        declared, folder = deployed_steps()[name], tmp_path / name
        code = command(*declared.alone(store, folder), *arguments)
        if code == 0:
            declared.keep(store, folder)
        return code

    return run_step


def run_all(step: Callable[..., int], store: Path, *, trees: int, linear: bool = False) -> None:
    write_sales(store / "sales", ROWS, linear=linear)
    assert step("preprocess") == 0
    assert step("train-forest", f"--trees={trees}") == 0
    assert step("train-lasso") == 0
    assert step("compare") == 0


def test_every_row_is_in_one_of_the_two_parts(step: Callable[..., int], store: Path) -> None:
    sales = write_sales(store / "sales", ROWS)
    assert step("preprocess") == 0

    x_train, y_train = read_arrays(store / "x-train", store / "y-train")
    x_test, y_test = read_arrays(store / "x-test", store / "y-test")
    parts = np.vstack([np.column_stack([x_train, y_train]), np.column_stack([x_test, y_test])])
    # Read by other means: the first column is the one that is dropped.
    table = np.loadtxt(sales, delimiter=",", skiprows=1, usecols=range(1, 8))
    assert (len(x_train), len(x_test)) == (800, 200)
    assert sorted(map(tuple, parts)) == sorted(map(tuple, table))
    assert len({tuple(row) for row in parts}) == ROWS


def test_the_columns_may_stand_in_any_order(step: Callable[..., int], store: Path) -> None:
    write_sales(store / "sales", ROWS)
    assert step("preprocess") == 0
    before = (store / "x-train").read_bytes(), (store / "y-test").read_bytes()

    write_sales(store / "sales", ROWS, change=lambda rows: rows.__setitem__(slice(None), [row[::-1] for row in rows]))
    assert step("preprocess") == 0
    assert ((store / "x-train").read_bytes(), (store / "y-test").read_bytes()) == before


def test_the_forest_has_a_thousand_trees_and_seed_42() -> None:
    forest = train_forest(np.ones((50, len(FEATURES))), np.arange(50.0), trees=3).estimator

    assert isinstance(forest, RandomForestRegressor)
    assert (len(forest.estimators_), forest.random_state, TREES) == (3, 42, 1000)
    # Nor does the workflow ask for another number.
    assert not [each for each in deployed_steps()["train-forest"].arguments if "trees" in each]


def test_both_errors_are_printed_and_the_better_model_is_kept(
    step: Callable[..., int], store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_all(step, store, trees=20)

    x, y = read_arrays(store / "x-test", store / "y-test")
    printed = capsys.readouterr().out
    errors = {}
    for name in ("forest", "lasso"):
        model = read_model(store / name)
        wrong = model.estimator.predict(x) - y
        errors[model.algorithm] = np.mean(wrong**2)
        assert f"{model.algorithm}: MSE {np.mean(wrong**2):.4f}, RMSE {np.mean(wrong**2) ** 0.5:.4f}, " in printed
        assert f"MAE {np.mean(np.abs(wrong)):.4f}, R² {1 - np.mean(wrong**2) / np.var(y):.4f}, on 200 rows" in printed
    kept = read_model(store / "model")
    # The season is no straight line.
    assert kept.algorithm == "RandomForestRegressor" == min(errors, key=lambda name: errors[name])
    assert kept.scores == score(kept.estimator.predict(x), y)


def test_the_linear_model_is_kept_where_the_world_is_linear(step: Callable[..., int], store: Path) -> None:
    run_all(step, store, trees=20, linear=True)

    kept = read_model(store / "model")
    assert isinstance(kept.estimator[-1], LassoCV)
    assert kept.scores is not None
    assert kept.scores.rmse == pytest.approx(NOISE, rel=0.15)


def test_a_step_that_is_run_again_writes_the_same_predictions(step: Callable[..., int], store: Path) -> None:
    run_all(step, store, trees=5)
    x, _ = read_arrays(store / "x-test", store / "y-test")
    before = read_model(store / "forest").estimator.predict(x)

    assert step("train-forest", "--trees=5") == 0

    assert np.array_equal(read_model(store / "forest").estimator.predict(x), before)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: [row.pop(3) for row in rows], "its header lacks discount: give the columns order_id, price,"),
        (lambda rows: rows[0].__setitem__(1, "Price"), "its header lacks price; has also or twice Price: give"),
        (lambda rows: rows[17].__setitem__(1, "abc"), "row 17, price = 'abc': give a number from 0 to 1e+09"),
        (lambda rows: rows[17].__setitem__(1, ""), "row 17, price = '': give a number from 0 to 1e+09"),
        (lambda rows: rows[9].__setitem__(-1, "nan"), "row 9, sales = nan: give a number from 0 to 1e+09"),
        (lambda rows: rows[9].__setitem__(-1, "-1"), "row 9, sales = -1: give a number from 0 to 1e+09"),
        (lambda rows: rows[9].__setitem__(2, "inf"), "row 9, competitor_price = inf: give a number from 0 to 1e+09"),
        (lambda rows: rows[9].__setitem__(2, "1e300"), "row 9, competitor_price = 1e+300: give a number from 0 to"),
        (lambda rows: rows[1].__setitem__(6, "54"), "row 1, week = 54: give a number from 1 to 53"),
        (lambda rows: rows[40].pop(), "row 40: has 7 values, the header 8"),
        (lambda rows: rows.__delitem__(slice(50, None)), "has 49 rows: give 50 or more"),
        (lambda rows: rows.clear(), "its header lacks order_id, price"),
    ],
)
def test_poisoned_input_is_named_with_its_place(
    change: Callable[[Rows], object],
    said: str,
    step: Callable[..., int],
    store: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_sales(store / "sales", 100, change=change)

    assert step("preprocess") == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert "inputs/sales" in printed
    assert printed.count("\n") == 1


def test_what_is_no_csv_is_refused(step: Callable[..., int], store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (store / "sales").write_bytes(b"\xff\xfe\x00PAR1")

    assert step("preprocess") == 2
    assert "sales can't be read as CSV in UTF-8" in capsys.readouterr().err


def test_what_another_try_may_mend_has_another_code(
    command: Command, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sales(store / "sales", 100)
    nowhere = [f"--{name}={store / 'nowhere' / name}" for name in ("x-train", "x-test", "y-train", "y-test")]

    assert command("preprocess", f"--sales={store / 'sales'}", *nowhere) == 1
    said = f"sales_pipeline: [Errno 2] No such file or directory: '{store}/nowhere/x-train'\n"
    assert capsys.readouterr().err == said


@pytest.mark.slow
def test_a_process_ends_with_one_line_and_without_a_stack_trace(tmp_path: Path) -> None:
    files = [f"--{name}={tmp_path / name}" for name in ("x-train", "y-train", "lasso")]

    done = run("train-lasso", *files)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"sales_pipeline: {tmp_path}/x-train is no .npy file of numbers: ")
    assert done.stderr.count("\n") == 1
