"""The app that a rehearsal gives to the CDKTF CLI: main.py's, with every state in a local file.

`python -m commands.rehearsal_app --states DIR --world DIR [--only STACK] [--lift-protection]`
"""

import argparse
import datetime
import json
import sys
from pathlib import Path

from modelyard import ConfigurationError

from cdktf import App, TerraformStack

from simulator.world import World
from stacks.app import build_app
from stacks.environments import chosen_environment, load_settings
from stacks.services import build_contexts
from stacks.settings import ProtectionLifted, Settings


def _without_protection(settings: Settings) -> Settings:
    record = ProtectionLifted(on=datetime.date.today(), by="modelyard rehearse", reason="the rehearsal ends")  # noqa: DTZ011
    return settings.model_copy(update={"protection_lifted": record})


def keep_upstream(app: App, wanted: str) -> None:
    """Removes every stack that the wanted one does not depend on.

    The CLI can be told to leave stacks out as well, but its destroy then waits for those that it left out, for ever.

    Raises:
        ConfigurationError: There is no such stack.
    """
    stacks = {stack.node.id: stack for stack in app.node.children if isinstance(stack, TerraformStack)}
    if wanted not in stacks:
        raise ConfigurationError(f"there is no stack {wanted!r}", mend=f"name one of {', '.join(stacks)}")
    kept, found = set[str](), [stacks[wanted]]
    while found:
        stack = found.pop()
        kept.add(stack.node.id)
        found += [each for each in stack.dependencies if each.node.id not in kept]
    for id_ in stacks.keys() - kept:
        app.node.try_remove_child(id_)


def replace_backend(configuration: Path, states: Path) -> None:
    """Makes a synthesised stack keep its state in `states`; the backend block is all that changes."""
    content = json.loads(configuration.read_text())
    path = states / f"{configuration.parent.name}.tfstate"
    content["terraform"]["backend"] = {"local": {"path": str(path)}}
    configuration.write_text(json.dumps(content, indent=2))


def synthesise(app: App, *, world: Path, states: Path) -> None:
    """Writes the stacks for simulated providers.

    Args:
        app: With all stacks.
        world: The folder of the simulated world, which learns of the services' images.
        states: The folder that stands in for the state store.
    """
    # Stands in for `modelyard images --push`: the world knows just the images that the services' contexts give.
    World(world).set_built_images([context.image for context in build_contexts(app)])
    app.synth()
    for configuration in Path(app.outdir).glob("stacks/*/cdk.tf.json"):
        replace_backend(configuration, states)


def main() -> None:
    """Synthesises the chosen environment, then replaces the backends."""
    parser = argparse.ArgumentParser(prog="python -m commands.rehearsal_app")
    parser.add_argument("--states", type=Path, required=True, help="folder for the state files")
    parser.add_argument("--world", type=Path, required=True, help="folder of the simulated world")
    parser.add_argument("--only", metavar="STACK", help="this stack and what it depends on")
    parser.add_argument("--lift-protection", action="store_true", help="as `modelyard protection lift` would")
    arguments = parser.parse_args()
    settings = load_settings(chosen_environment())
    app = build_app(_without_protection(settings) if arguments.lift_protection else settings)
    if arguments.only:
        keep_upstream(app, arguments.only)
    synthesise(app, world=arguments.world, states=arguments.states)


if __name__ == "__main__":
    try:
        main()
    except ConfigurationError as error:
        sys.exit(f"error: {error}")
