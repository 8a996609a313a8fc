"""Makes the Terraform configuration of the chosen environment: `python main.py`, or `cdktf synth`."""

import sys
from pathlib import Path

from modelyard import ConfigurationError

from cdktf import App

from stacks.environments import chosen_environment, load_settings
from stacks.gke import GkeStack
from stacks.platform import Platform
from stacks.registry import RegistryStack
from stacks.services import SERVICES, add_services, find_services
from stacks.settings import Settings
from stacks.state import StateStack


def build_app(settings: Settings, *, services: Path = SERVICES, outdir: str | None = None) -> App:
    """All stacks of an environment: state, registry, cluster, then one for each service.

    Args:
        settings: Of the environment.
        services: The folder whose folders are the services.
        outdir: Where `synth` writes; by default what the CLI says, else `cdktf.out`.

    Raises:
        ConfigurationError: Something cannot be deployed.
    """
    # Before the first construct: Python imports while jsii's other process is still starting.
    found = find_services(services)
    app = App(outdir=outdir)
    state = StateStack(app, settings)
    registry = RegistryStack(app, settings, state=state)
    cluster = GkeStack(app, settings, state=state, registry=registry)
    platform = Platform(settings=settings, state=state.store, registry=registry.ref, cluster=cluster.ref, stack=cluster)
    add_services(app, platform, found)
    return app


if __name__ == "__main__":
    try:
        build_app(load_settings(chosen_environment())).synth()
    except ConfigurationError as error:
        sys.exit(f"error: {error}")
