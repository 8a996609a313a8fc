"""Serves the page: `python -m iris.server`."""

import logging
import os
import sys
from pathlib import Path

import streamlit as st
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from .errors import IrisError
from .metrics import REGISTRY
from .served_model import served_model

_SCRIPT = Path(__file__).parents[1] / "page_script.py"
_LOG = logging.getLogger("iris")


def ready(_request: Request) -> PlainTextResponse:
    """GET /readyz: 200 once the model is loaded; loads it if it isn't."""
    try:
        served = served_model()
    except IrisError as error:
        _LOG.error("not ready: %s", error)
        return PlainTextResponse(f"{error}\n", status_code=503)
    return PlainTextResponse(f"{served.sha256}\n")


def show_metrics(_request: Request) -> Response:
    """GET /metrics."""
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


def serve() -> None:
    """Runs until it is told to end.

    Raises:
        IrisError: PORT is no port.
    """
    st.App(_SCRIPT, routes=[Route("/readyz", ready), Route("/metrics", show_metrics)]).run(
        config={
            "browser.gatherUsageStats": False,
            "client.showErrorDetails": "none",
            "client.toolbarMode": "minimal",
            # With it, Streamlit would ask a host on the internet for its own address.
            "logger.hideWelcomeMessage": True,
            "server.address": "0.0.0.0",  # noqa: S104 - in a container, behind its Service
            "server.fileWatcherType": "none",
            "server.headless": True,
            "server.port": _port(os.environ.get("PORT") or "8501"),
        }
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1024 <= int(text) <= 65535):
        raise IrisError(f"PORT = {text}: give a whole number from 1024 to 65535")
    return int(text)


if __name__ == "__main__":
    try:
        serve()
    except IrisError as error:
        sys.exit(f"iris: {error}")
