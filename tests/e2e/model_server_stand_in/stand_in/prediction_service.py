"""The gRPC API's Predict; its other calls answer UNIMPLEMENTED here."""

import time
from typing import Any

import grpc
import tensorflow as tf  # type: ignore[import-untyped]
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc  # type: ignore[import-not-found]

from .errors import ServingError
from .metrics import Metrics
from .models import DEFAULT_SIGNATURE, Models


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):  # type: ignore[misc]  # has no types
    """Of the models of a server."""

    def __init__(self, models: Models, metrics: Metrics) -> None:
        self._models, self._metrics = models, metrics

    def Predict(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ANN401, N802 - as the API has it
        started = time.perf_counter()
        name = request.model_spec.name
        try:
            response = self._predicted(request)
        except ServingError as error:
            self._metrics.record(name, error.code, "Predict", "GRPC", time.perf_counter() - started)
            context.abort(grpc.StatusCode[error.code], error.message)
        self._metrics.record(name, "OK", "Predict", "GRPC", time.perf_counter() - started)
        return response

    def _predicted(self, request: Any) -> Any:  # noqa: ANN401 - a PredictRequest, a PredictResponse
        spec = request.model_spec
        version = spec.version.value if spec.HasField("version") else None
        label = spec.version_label if spec.HasField("version_label") else None
        servable = self._models.find(spec.name, version, label)
        signature_name = spec.signature_name or DEFAULT_SIGNATURE
        inputs = {each: tf.make_ndarray(tensor) for each, tensor in request.inputs.items()}
        response = predict_pb2.PredictResponse()
        for each, array in servable.predict(signature_name, inputs).items():
            tensor = response.outputs[each]
            tensor.dtype = tf.dtypes.as_dtype(array.dtype).as_datatype_enum
            tensor.tensor_shape.CopyFrom(tf.TensorShape(array.shape).as_proto())
            tensor.float_val.extend(array.ravel().tolist())
        response.model_spec.name, response.model_spec.signature_name = spec.name, signature_name
        response.model_spec.version.value = servable.version
        return response
