"""How gunicorn runs the service: `python -m gunicorn --config python:classifier.gunicorn_config`."""

import sys
from pathlib import Path

from .settings import Settings, SettingsError

try:
    _settings = Settings.from_environment()
except SettingsError as error:
    sys.exit(f"image_classifier: {error}")

wsgi_app = f"{__package__}.server:application()"
bind = "0.0.0.0:8080"
# One process: the model is in memory once, and the metrics, which live in the process, are whole.
workers = 1
threads = _settings.threads
worker_class = f"{__package__}.worker.RequestDeadlineWorker"
# The worker's sign of life is a file: in memory, where no busy disk can delay it and nothing else need be writable.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # gunicorn makes the file safely
control_socket_disable = True
# After SIGTERM requests under way may take this long: more than any fetch, less than Kubernetes' grace of 30 s.
graceful_timeout = 25
# Without a sign of life for so long the worker is started anew; loading the model counts.
timeout = 60
