"""The application as gunicorn's worker loads it."""

import logging
import sys
from pathlib import Path

from flask import Flask
from gunicorn.errors import AppImportError

from .app import create_app
from .model import Model, ModelError, read_labels
from .settings import Settings

_LABELS = Path(__file__).with_name("labels.txt")


def application() -> Flask:
    """Loads the model, then builds the app: the worker accepts no connection before, so an answer means readiness."""
    log = logging.getLogger("image_classifier")
    log.setLevel(logging.INFO)
    log.addHandler(logging.StreamHandler(sys.stdout))
    settings = Settings.from_environment()
    try:
        model = Model(settings.model_path, read_labels(_LABELS), threads=settings.inference_threads)
    except ModelError as error:
        raise AppImportError(f"image_classifier: {error}") from None  # gunicorn prints one line and ends
    return create_app(settings, model)
