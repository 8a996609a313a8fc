"""The app that a rehearsal gives to the CDKTF CLI: main.py's, with every state in a local file.

`python -m commands.rehearsal_app --states DIR --world DIR [--lift-protection]`
"""

import argparse
import datetime
import json
import sys
from pathlib import Path

from modelyard import ConfigurationError

from main import build_app
from simulator.world import World
from stacks.environments import chosen_environment, load_settings
from stacks.service import ServiceStack
from stacks.settings import ProtectionLifted, Settings


def _without_protection(settings: Settings) -> Settings:
    record = ProtectionLifted(on=datetime.date.today(), by="modelyard rehearse", reason="the rehearsal ends")  # noqa: DTZ011
    return settings.model_copy(update={"protection_lifted": record})


def replace_backend(configuration: Path, states: Path) -> None:
    """Makes a synthesised stack keep its state in `states`; the backend block is all that changes."""
    content = json.loads(configuration.read_text())
    path = states / f"{configuration.parent.name}.tfstate"
    content["terraform"]["backend"] = {"local": {"path": str(path)}}
    configuration.write_text(json.dumps(content, indent=2))


def main() -> None:
    """Synthesises the chosen environment, then replaces the backends."""
    parser = argparse.ArgumentParser(prog="python -m commands.rehearsal_app")
    parser.add_argument("--states", type=Path, required=True, help="folder for the state files")
    parser.add_argument("--world", type=Path, required=True, help="folder of the simulated world")
    parser.add_argument("--lift-protection", action="store_true", help="as `modelyard protection lift` would")
    arguments = parser.parse_args()
    settings = load_settings(chosen_environment())
    app = build_app(_without_protection(settings) if arguments.lift_protection else settings)
    # Stands in for `modelyard images --push`: the world knows just the images that the services' contexts give.
    services = [stack for stack in app.node.children if isinstance(stack, ServiceStack)]
    World(arguments.world).set_built_images([context.image for stack in services for context in stack.images])
    app.synth()
    for configuration in Path(app.outdir).glob("stacks/*/cdk.tf.json"):
        replace_backend(configuration, arguments.states)


if __name__ == "__main__":
    try:
        main()
    except ConfigurationError as error:
        sys.exit(f"error: {error}")
