"""Refuses a `cdktf deploy` whose images are not where the nodes look: its pods could only wait for them."""

import time
from collections.abc import Sequence
from fnmatch import fnmatch
from itertools import dropwhile

from modelyard.bindings import ENGINES
from modelyard.errors import ConfigurationError

import psutil
from cdktf import App

from images.builder import find_builder
from images.loader import loads
from images.on_nodes import images_on_nodes
from images.registry import is_pushed
from stacks.local.settings import LocalSettings
from stacks.settings import Settings
from stacks.workload import WorkloadStack

# How long the kubelet may take to tell of an image that was loaded: it lists them every 30 s, and reports every 10 s.
_LOOKS = 45
_LOOK_SECONDS = 1


def refuse_missing_images(app: App, settings: Settings) -> None:
    """Looks for the images of the services and add-ons that are about to be deployed, if any are.

    Args:
        app: With all stacks.
        settings: Of the environment.

    Raises:
        ConfigurationError: Some are missing; with the command that brings them.
    """
    images = [context.image for stack in _about_to_be_deployed(app) for context in stack.images]
    if not images:
        return
    if isinstance(settings, LocalSettings) and loads(settings):
        missing, bring = _not_on_the_nodes(settings.context, images), "--load"
    else:
        missing, bring = [image for image in images if is_pushed(image) is False], "--push"
    if missing:
        raise ConfigurationError(
            f"these images are not built, or not where the nodes of {settings.name} look: {', '.join(missing)}",
            mend=f"modelyard images {settings.name} {bring}; "
            f"or `modelyard up {settings.name}`, which does all in order",
        )


def _about_to_be_deployed(app: App) -> list[WorkloadStack]:
    """What a `cdktf deploy` above this process was told to deploy; the CLI tells the program nothing."""
    commands = [process.cmdline() for process in psutil.Process().parents()]
    patterns = next((found for command in commands if (found := _deployed(command))), [])
    workloads = [stack for stack in app.node.children if isinstance(stack, WorkloadStack)]
    return [stack for stack in workloads if any(fnmatch(stack.node.id, pattern) for pattern in patterns)]


def _deployed(command: Sequence[str]) -> list[str]:
    """What is named after `cdktf deploy` in a command line; options do no harm, for no stack has such a name."""
    after = list(dropwhile(lambda word: word.rpartition("/")[2].removesuffix(".js") not in ENGINES, command))[1:]
    return after[1:] if after[:1] == ["deploy"] else []


def _not_on_the_nodes(context: str, images: Sequence[str]) -> list[str]:
    missing = list(images)
    for look in range(_LOOKS):
        nodes = images_on_nodes(context)
        if not nodes:
            return []
        missing = [image for image in images if not any(image in node for node in nodes)]
        if not missing:
            break
        if look == 0:
            builder = find_builder()
            unbuilt = [image for image in missing if not builder.has(image)]
            # Of a built one nobody knows: it may be among those that are not told.
            if not all(node.are_all for node in nodes):
                return unbuilt
            # What was never built here is not about to be told of either.
            if unbuilt:
                break
        time.sleep(_LOOK_SECONDS)
    return missing
