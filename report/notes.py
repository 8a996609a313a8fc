"""What the program says of its stacks: who imports this starts CDKTF."""

import inspect
from pathlib import Path

from cdktf import App

from report.gather import Note
from report.model import Link
from stacks.services import build_contexts
from stacks.workload import WorkloadStack

_ALL_PODS = "[-a-z0-9.]+"


def notes(app: App) -> dict[str, Note]:
    """Of services and add-ons, by the stacks' ids."""
    found = [stack for stack in app.node.children if isinstance(stack, WorkloadStack)]
    return {stack.node.id: Note(_sentence(stack), _logs(stack)) for stack in found}


def image_folders(app: App) -> dict[str, Path]:
    """What each image is built from, by its reference."""
    return {context.image: context.folder for context in build_contexts(app)}


def _sentence(stack: WorkloadStack) -> str:
    """The first line of the class's own docstring."""
    return inspect.cleandoc(type(stack).__doc__ or "").partition("\n")[0]


def _logs(stack: WorkloadStack) -> tuple[Link, ...]:
    url = stack.cluster.logs_url(namespace=stack.service_name, pods=_ALL_PODS)
    return (Link("logs of its pods", url),) if url else ()
