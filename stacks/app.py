"""All stacks of an environment."""

import tempfile
from pathlib import Path

from cdktf import App

from stacks.paths import SERVICES
from stacks.platform import platform_of
from stacks.services import add_services, find_services
from stacks.settings import Settings
from stacks.suspended import leave_replicas


def build_app(settings: Settings, *, services: Path = SERVICES, outdir: str | None = None) -> App:
    """All stacks of an environment: state, registry, artifacts, cluster, then one for each service.

    Args:
        settings: Of the environment.
        services: The folder whose folders are the services.
        outdir: Where `synth` writes; by default what the CLI says, else `cdktf.out`.

    Raises:
        ConfigurationError: Something cannot be deployed.
    """
    # Before the first construct: Python imports while jsii's other process is still starting.
    found, add_platform = find_services(services), platform_of(settings)
    app = App(outdir=outdir)
    add_services(app, add_platform(app), found)
    if settings.suspended:
        leave_replicas(app)
    return app


def look_at_app(settings: Settings) -> App:
    """All stacks of an environment, to be asked what they declare; nothing of them is written.

    Raises:
        ConfigurationError: Something cannot be deployed.
    """
    with tempfile.TemporaryDirectory() as folder:
        return build_app(settings, outdir=folder)
