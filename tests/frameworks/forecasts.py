"""What TensorFlow itself forecasts, and what a server answers by gRPC, in processes of their own.

TensorFlow imports Keras, for which the other tests here choose another backend.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stacks.paths import ROOT

_LOCALLY = """
import sys
sys.modules["keras"] = None
import numpy, tensorflow
windows, *models = sys.argv[1:]
series = tensorflow.constant(numpy.load(windows))
for model in models:
    forecast = tensorflow.saved_model.load(model).signatures["serving_default"]
    numpy.save(f"{windows}-{models.index(model)}", forecast(series=series)["forecast"])
"""

_BY_GRPC = """
import json, sys
sys.modules["keras"] = None
import grpc, numpy, tensorflow
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc
windows, port, model = sys.argv[1:]
request = predict_pb2.PredictRequest()
request.model_spec.name = model
request.inputs["series"].CopyFrom(tensorflow.make_tensor_proto(numpy.load(windows)))
with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
    try:
        answer = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=60)
    except grpc.RpcError as error:
        print(json.dumps({"code": error.code().name, "details": error.details()}))
    else:
        forecast = tensorflow.make_ndarray(answer.outputs["forecast"]).tolist()
        spec = answer.model_spec
        print(json.dumps({"forecast": forecast, "model": spec.name, "version": spec.version.value}))
"""


def forecasts(inputs: npt.NDArray[np.float32], models: Sequence[Path]) -> list[npt.NDArray[np.float32]]:
    """Each model's, [count, 1], for [count, WINDOW]."""
    with _saved(inputs) as windows:
        _run(_LOCALLY, windows, *models)
        return [np.load(f"{windows}-{place}.npy") for place in range(len(models))]


def predict_by_grpc(port: int, model: str, inputs: npt.NDArray[np.float32]) -> dict[str, Any]:
    """The forecast with the model and version that made it, or the error's code and details."""
    with _saved(inputs) as windows:
        answer: dict[str, Any] = json.loads(_run(_BY_GRPC, windows, str(port), model))
    return answer


@contextlib.contextmanager
def _saved(inputs: npt.NDArray[np.float32]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder, "windows.npy"), inputs)
        yield Path(folder, "windows.npy")


def _run(program: str, *arguments: str | Path) -> str:
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
