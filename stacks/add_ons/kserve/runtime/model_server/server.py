"""KServe's model server with one model in it."""

import logging.config
import warnings

import kserve.logging
from fastapi.exceptions import FastAPIDeprecationWarning, RequestValidationError
from fastapi.responses import JSONResponse
from kserve.errors import InvalidInput
from kserve.model_server import ModelServer, app
from kserve.protocol.dataplane import DataPlane
from kserve.utils.utils import cpu_count

from .boundary import Boundary
from .description import Description
from .errors import RequestError
from .metrics import Metrics
from .predictor import Foreign, Predictor
from .served_model import ServedModel

# Kubernetes ends a pod 30 seconds after it asks it to end, 10 of which its preStop hook sleeps.
_GRACE_SECONDS = 15


class _DataPlane(DataPlane):  # type: ignore[misc]  # kserve ships no types
    """KServe's fails on bodies that lack a key with a KeyError, which would be a status of 500."""

    def decode(self, *args: Foreign, **kwargs: Foreign) -> Foreign:
        try:
            return super().decode(*args, **kwargs)
        except InvalidInput as error:
            raise RequestError(str(error)) from error
        except Exception as error:
            raise RequestError(f"the body is not what the protocol says: {error!r}") from error


def serve(name: str, description: Description, predictor: Predictor, port: int) -> None:
    """Answers requests until it is told to end, and those under way after that."""
    kserve.logging.configure_logging(_LOGGING)
    warnings.filterwarnings("ignore", category=FastAPIDeprecationWarning)  # of what the SDK calls
    threads = cpu_count()
    app.add_exception_handler(RequestError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_middleware(Boundary, metrics=Metrics(name, description, threads))
    server = ModelServer(
        http_port=port, enable_grpc=False, enable_latency_logging=False, workers=1, grace_period=_GRACE_SECONDS
    )
    server.dataplane = _DataPlane(model_registry=server.registered_models)
    logging.getLogger("model_server").info(
        "serving %s: %s of %s, version %s, %d at once",
        *(name, description.format, description.framework, description.version, threads),
    )
    server.start([ServedModel(name, predictor, threads)])


async def _refused(_request: Foreign, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, status_code=400)


async def _malformed(_request: Foreign, error: Exception) -> JSONResponse:
    """KServe's version 2 checks a request's keys before the model sees them."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    first = error.errors()[0]
    place = ".".join(str(each) for each in first["loc"] if each != "body")
    return JSONResponse({"error": f"{place or 'the body'}: {first['msg']}"}, status_code=400)


class _Predictions(logging.Filter):
    """Requests for predictions, not probes."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "POST" in record.getMessage()


_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(message)s"}},
    "filters": {"predictions": {"()": _Predictions}},
    "handlers": {
        "all": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"},
        "access": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "stream": "ext://sys.stdout",
            "filters": ["predictions"],
        },
    },
    "loggers": {
        "model_server": {"handlers": ["all"], "level": "INFO", "propagate": False},
        # It logs a stack trace for each wrong request; what is unexpected, the boundary logs.
        "kserve": {"handlers": ["all"], "level": "CRITICAL", "propagate": False},
        "kserve.trace": {"level": "CRITICAL"},
        "uvicorn": {"handlers": ["all"], "level": "WARNING", "propagate": False},
        "uvicorn.access": {"handlers": ["access"], "level": "INFO", "propagate": False},
    },
}
