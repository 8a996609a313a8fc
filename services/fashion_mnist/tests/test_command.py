from pathlib import Path

import pytest

from services.fashion_mnist.training.__main__ import main


def _ended(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str | int | None:
    monkeypatch.setattr("sys.argv", ["training", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--epochs", "0"], "argument --epochs: 0: give a whole number from 1 to 1000"),
        (["--epochs", "many"], "argument --epochs: many: give a whole number from 1 to 1000"),
        (["--seed", "4294967296"], "argument --seed: 4294967296: give a whole number from 0 to 4294967295"),
        ([], "the following arguments are required: --output"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrong: list[str], said: str
) -> None:
    assert _ended(monkeypatch, *wrong) == 2
    assert said in capsys.readouterr().err


def test_a_folder_without_the_data_ends_the_command_with_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = str(_ended(monkeypatch, "--data", str(tmp_path), "--output", str(tmp_path / "model")))

    assert said.startswith(
        f"fashion_mnist: {tmp_path}/train-images-idx3-ubyte.gz does not exist: give a folder that has"
    )
    assert "\n" not in said


def test_an_output_that_cannot_take_a_model_is_refused_before_the_training(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    for output, said in [
        (tmp_path, "is not empty: name a folder that does not exist yet"),
        (tmp_path / "file" / "model", "Not a directory: name a folder of yours"),
    ]:
        refusal = str(_ended(monkeypatch, "--output", str(output)))
        assert refusal.startswith(f"fashion_mnist: --output {output}")
        assert refusal.endswith(said)
