import os
import sys
from pathlib import Path

import pytest

from services.rnn_forecaster.training.__main__ import main


def _ended(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str | int | None:
    monkeypatch.setattr("sys.argv", ["training", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--variant", "c"], "argument --variant: invalid choice: 'c' (choose from 'a', 'b', 'both')"),
        (["--seed", "4294967296"], "argument --seed: 4294967296: give a whole number from 0 to 4294967295"),
        (["--seed", "-1"], "argument --seed: -1: give a whole number from 0 to 4294967295"),
        ([], "the following arguments are required: --output"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrong: list[str], said: str
) -> None:
    assert _ended(monkeypatch, *wrong) == 2
    assert said in capsys.readouterr().err


def test_an_output_that_cannot_take_models_is_refused_before_the_training(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    for output, said in [
        (tmp_path, "is not empty: name a folder that does not exist yet"),
        (tmp_path / "file" / "models", "Not a directory: name a folder of yours"),
    ]:
        refusal = str(_ended(monkeypatch, "--output", str(output)))
        assert refusal.startswith(f"rnn_forecaster: --output {output}")
        assert refusal.endswith(said)


def test_without_tensorflow_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.environ", os.environ.copy())
    monkeypatch.setitem(sys.modules, "keras", None)

    said = str(_ended(monkeypatch, "--output", str(tmp_path / "models")))

    assert said.startswith("rnn_forecaster: keras is not installed: pip install --requirement ")
    assert Path(said.rsplit(maxsplit=1)[-1]).is_file()
