"""What cannot be served is refused in one line, with what to do instead."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

from modelyard.errors import ConfigurationError
from modelyard.serving.formats import save
from modelyard.serving.formats.content import Foreign

import keras
import numpy as np
import pytest
import torch
import xgboost

_ROWS = np.random.default_rng(0).random((20, 4))
_LABELS = _ROWS[:, 0] > 0.5


class _Branching(torch.nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    def forward(self, rows: Foreign) -> Foreign:
        return rows if rows.sum() > 0 else -rows


def _dense(*layers: Foreign) -> Foreign:
    return keras.Sequential([*layers, keras.layers.Dense(2)])


@pytest.mark.parametrize(
    ("make", "example", "what", "mend"),
    [
        (lambda: torch.nn.Linear, None, "Linear is a class, not a model of it", "make one and fit it"),
        (lambda: torch.nn.Linear(4, 2), None, "not known without an example", "example=torch.zeros"),
        (lambda: torch.nn.Linear(4, 2), torch.zeros(2, 5), "Linear does not take the example", "a batch of inputs"),
        (_Branching, torch.ones(2, 4), "_Branching cannot be exported to ONNX", "torch.onnx.export"),
        (_dense, None, "is not built: it has no weights yet", "keras.Input(shape)"),
        (lambda: keras.layers.Dense(2), None, "a Dense of keras is not a model", "give a fitted model"),
        (
            lambda: keras.Sequential([keras.Input((None, 3)), keras.layers.GlobalMaxPooling1D()]),
            None,
            "not known without an example",
            "example=x_train[:2]",
        ),
        (xgboost.XGBClassifier, None, "XGBClassifier is not trained", "model.fit(X, y)"),
        (xgboost.Booster, None, "Booster is not trained", "xgboost.train"),
        (
            lambda: xgboost.XGBClassifier(n_estimators=2, missing=-1).fit(_ROWS, _LABELS),
            None,
            "missing = -1 is not kept",
            "replace that value by NaN",
        ),
        (
            lambda: xgboost.XGBClassifier(n_estimators=2).fit(_ROWS, _LABELS),
            _ROWS[:, :2],
            "the model does not take the example",
            "give some rows of numbers",
        ),
    ],
)
def test_what_cannot_be_served_is_refused(
    tmp_path: Path, make: Callable[[], Any], example: Foreign, what: str, mend: str
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        save(make(), tmp_path / "model", example=example)

    assert what in refusal.value.what
    assert mend in refusal.value.mend
    assert "\n" not in refusal.value.what
    assert not (tmp_path / "model").exists()


def test_a_pytorch_model_is_left_in_the_mode_that_it_was_in(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.Dropout())
    model[1].eval()

    save(model, tmp_path / "model", example=torch.zeros(1, 4))

    assert (model.training, model[0].training, model[1].training) == (True, True, False)
