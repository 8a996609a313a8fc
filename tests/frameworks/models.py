"""Models of every framework, small, and the same in every process."""

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from modelyard.serving.formats.content import Foreign

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import onnx
import pandas as pd
import torch
import xgboost
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

MEASURES, _CLASSES = load_iris(return_X_y=True)
SPECIES = np.array(["setosa", "versicolor", "virginica"])[_CLASSES]
_LENGTHS = MEASURES[:, 2] + 0.5
TEXTS = ["a red rose", "a blue sea", "red and red", "the sea is blue"] * 3
FRAME = pd.DataFrame({"colour": ["red", "blue", "green", "red"] * 5, "size": np.arange(20) / 4})
_RANDOM = np.random.default_rng(3)
IMAGES = _RANDOM.random((5, 28, 28), dtype=np.float32)
PICTURES = _RANDOM.random((3, 3, 32, 32), dtype=np.float32)
ROWS = MEASURES.astype(np.float32)
_LAYERS = keras.layers


class Case(NamedTuple):
    """A model and what it is asked; several inputs are a tuple."""

    model: Any
    example: Any
    own: Callable[[], Any]


def _predicting(model: Foreign, example: Foreign) -> Case:
    return Case(model, example, lambda: model.predict(example))


def _keras(build: Callable[[], Any], example: Foreign) -> Case:
    keras.utils.set_random_seed(5)
    model = build()
    given = list(example) if isinstance(example, tuple) else example
    return Case(model, example, lambda: model.predict(given, verbose=0))


def _dense() -> Foreign:
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            _LAYERS.Flatten(),
            _LAYERS.Dense(32, activation="relu"),
            _LAYERS.Dropout(0.2),
            _LAYERS.Dense(10, activation="softmax"),
        ]
    )


def _convolution() -> Foreign:
    inputs = keras.Input((28, 28))
    layer = _LAYERS.Conv2D(4, 3, activation="relu")(_LAYERS.Reshape((28, 28, 1))(inputs))
    pooled = _LAYERS.MaxPooling2D()(_LAYERS.BatchNormalization()(layer))
    return keras.Model(inputs, _LAYERS.Dense(10)(_LAYERS.Flatten()(pooled)))


def _two_inputs() -> Foreign:
    left, right = keras.Input((4,), name="left"), keras.Input((3,), name="right")
    joined = _LAYERS.concatenate([left, right])
    return keras.Model([left, right], [_LAYERS.Dense(2, name="sum")(joined), _LAYERS.Dense(1, name="rest")(right)])


class Subclassed(keras.Model):  # type: ignore[misc]  # keras ships no types
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = _LAYERS.Dense(6, activation="tanh"), _LAYERS.Dense(2)

    def call(self, inputs: Foreign) -> Foreign:
        return self.second(self.first(inputs))


def _subclassed() -> Foreign:
    model = Subclassed()
    model(ROWS[:2])
    return model


def _recurrent() -> Foreign:
    return keras.Sequential([keras.Input((7,), dtype="int32"), _LAYERS.Embedding(20, 4), _LAYERS.GRU(5)])


def _torch(build: Callable[[], Any], example: Foreign) -> Case:
    torch.manual_seed(5)
    model = build()

    def own() -> Foreign:
        model.eval()
        with torch.no_grad():
            answer = model(*(torch.as_tensor(each) for each in (example if isinstance(example, tuple) else (example,))))
        return [each.numpy() for each in answer] if isinstance(answer, tuple) else answer.numpy()

    return Case(model, example, own)


def _mlp() -> Foreign:
    return torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Dropout(), torch.nn.Linear(8, 3), torch.nn.Softmax(dim=1)
    )


def _pictures() -> Foreign:
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 6, 3),
        torch.nn.BatchNorm2d(6),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(6, 5),
    )


class _Pair(torch.nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(4, 2)

    def forward(self, rows: Foreign, offsets: Foreign) -> Foreign:
        return self.linear(rows) + offsets, offsets * 2


def _booster() -> Case:
    model = xgboost.train({"max_depth": 3}, xgboost.DMatrix(MEASURES, _LENGTHS), 5)
    return Case(model, MEASURES, lambda: model.predict(xgboost.DMatrix(MEASURES)))


def _graph() -> Foreign:
    value = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node("Mul", ["x", "x"], ["y"], doc_string='File "/home/someone/secret.py", line 3')
    graph = onnx.helper.make_graph(
        [node], "squares", [value("x", 7, ["rows", 3])], [value("y", 7, ["rows", 3])], doc_string="made at 10:04"
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=10)


_INTEGERS = np.arange(6).reshape(2, 3)

CASES: dict[str, Callable[[], Case]] = {
    "sklearn-classifier": lambda: _predicting(LogisticRegression(max_iter=500).fit(MEASURES, SPECIES), MEASURES),
    "sklearn-float32": lambda: _predicting(Ridge().fit(ROWS, _LENGTHS.astype(np.float32)), ROWS),
    "sklearn-neighbours": lambda: _predicting(KNeighborsClassifier().fit(MEASURES, _CLASSES), MEASURES),
    "sklearn-forest": lambda: _predicting(RandomForestClassifier(9, random_state=0).fit(MEASURES, SPECIES), MEASURES),
    "sklearn-boosting": lambda: _predicting(
        HistGradientBoostingClassifier(max_iter=5).fit(MEASURES, SPECIES), MEASURES
    ),
    "sklearn-pipeline": lambda: _predicting(
        make_pipeline(StandardScaler(), SVC(probability=False)).fit(MEASURES, SPECIES), MEASURES
    ),
    "sklearn-text": lambda: _predicting(
        make_pipeline(TfidfVectorizer(stop_words=["a", "is", "the"]), LogisticRegression()).fit(
            TEXTS, ["plant", "water", "plant", "water"] * 3
        ),
        TEXTS,
    ),
    "sklearn-frame": lambda: _predicting(
        make_pipeline(
            make_column_transformer((OneHotEncoder(), ["colour"]), remainder=StandardScaler()), LogisticRegression()
        ).fit(FRAME, ["no", "yes", "no", "yes"] * 5),
        FRAME,
    ),
    "sklearn-with-xgboost": lambda: _predicting(
        make_pipeline(StandardScaler(), xgboost.XGBClassifier(n_estimators=4)).fit(MEASURES, _CLASSES), MEASURES
    ),
    "xgboost-classifier": lambda: _predicting(xgboost.XGBClassifier(n_estimators=6).fit(MEASURES, _CLASSES), MEASURES),
    "xgboost-regressor": lambda: _predicting(xgboost.XGBRegressor(n_estimators=6).fit(MEASURES, _LENGTHS), MEASURES),
    "xgboost-booster": _booster,
    "keras-dense": lambda: _keras(_dense, IMAGES),
    "keras-convolution": lambda: _keras(_convolution, IMAGES),
    "keras-two-inputs": lambda: _keras(_two_inputs, (ROWS[:5], ROWS[5:10, :3])),
    "keras-subclassed": lambda: _keras(_subclassed, ROWS[:5]),
    "keras-recurrent": lambda: _keras(_recurrent, np.arange(14, dtype=np.int32).reshape(2, 7)),
    "torch-mlp": lambda: _torch(_mlp, ROWS[:6]),
    "torch-pictures": lambda: _torch(_pictures, PICTURES),
    "torch-two-inputs": lambda: _torch(_Pair, (ROWS[:3], ROWS[:3, :2])),
    "onnx-integers": lambda: Case(_graph(), _INTEGERS, lambda: _INTEGERS**2),
}
