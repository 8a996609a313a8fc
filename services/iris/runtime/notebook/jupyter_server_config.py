"""How JupyterLab serves a team behind a LoadBalancer."""

import os
from pathlib import Path

from jupyter_server.auth import passwd
from traitlets.config import get_config

_HOUR = 3600

c = get_config()

c.ServerApp.ip = "0.0.0.0"  # noqa: S104 - the NetworkPolicy says who comes in
c.ServerApp.port = 8888
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
c.ServerApp.root_dir = os.environ["HOME"]
# Also of extensions: who has not logged in gets the login page and the version, nothing else.
c.ServerApp.allow_unauthenticated_access = False

c.PasswordIdentityProvider.hashed_password = passwd(Path("/run/secrets/notebook/password").read_text())
c.PasswordIdentityProvider.password_required = True
c.PasswordIdentityProvider.allow_password_change = False

# The memory of one pod is everybody's: what nobody has run for hours goes, though a browser still shows it.
c.MappingKernelManager.cull_idle_timeout = 4 * _HOUR
c.MappingKernelManager.cull_connected = True
c.TerminalManager.cull_inactive_timeout = 4 * _HOUR

c.ContentsManager.hide_globs = ["lost+found", "__pycache__", "*.pyc", ".DS_Store", "*~"]
# Nothing can be installed into the image.
c.LabApp.extension_manager = "readonly"
c.LanguageServerManager.autodetect = False
