"""Loads the models, then opens the ports."""

import logging
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
import tensorflow as tf  # type: ignore[import-untyped]
from tensorflow_serving.apis import prediction_service_pb2_grpc  # type: ignore[import-not-found]

from .configuration import flags, metrics_path, model_configs
from .errors import ServingError
from .metrics import Metrics
from .models import Models
from .prediction_service import PredictionService
from .rest import RestServer


def main() -> None:
    """Serves until the process is ended; SIGTERM has no handler, as in the program."""
    given = flags()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    tf.get_logger().setLevel("ERROR")
    try:
        models = Models(
            model_configs(given.model_config_file), allow_labels=given.allow_version_labels_for_unavailable_models
        )
        models.load(
            retries=given.max_num_load_retries,
            retry_seconds=given.load_retry_interval_micros / 1e6,
            poll_seconds=given.file_system_poll_wait_seconds,
        )
        path = metrics_path(given.monitoring_config_file)
    except ServingError as error:
        sys.stdout.write(f"Failed to start server. Error: {error}\n")
        sys.exit(255)

    metrics = Metrics()
    server = grpc.server(ThreadPoolExecutor(8))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(PredictionService(models, metrics), server)
    server.add_insecure_port(f"0.0.0.0:{given.port}")
    server.start()
    logging.info("Running gRPC ModelServer at 0.0.0.0:%d ...", given.port)
    if given.rest_api_port:
        rest = RestServer(given.rest_api_port, models, metrics, path)
        logging.info("Exporting HTTP/REST API at:localhost:%d ...", given.rest_api_port)
        rest.serve_forever()
    server.wait_for_termination()
