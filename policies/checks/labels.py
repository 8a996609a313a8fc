"""Labels of cloud resources."""

from collections.abc import Iterator

from policies.checks.stack import Outcome, Stack
from policies.documents import mapping
from policies.plan import UNKNOWN, Resource
from stacks.settings import CloudSettings


def cloud_labels(stack: Stack) -> Iterator[Outcome]:
    """What bills and clean-ups are sorted by, wherever a resource can carry it."""
    if not isinstance(stack.settings, CloudSettings):
        return
    for resource in stack.resources:
        if (key := _key(resource)) is None:
            continue
        if (labels := resource.values[key]) == UNKNOWN:
            continue
        given = mapping(labels)
        wrong = [name for name, value in stack.settings.labels.items() if given.get(name) not in (value, UNKNOWN)]
        yield resource, f"{key}: missing or not the environment's: {', '.join(wrong)}" if wrong else None


def _key(resource: Resource) -> str | None:
    """The attribute with the labels, if the resource has one; Google's `tags` are for firewalls."""
    if resource.type.startswith("azurerm_"):
        keys = ["tags"]
    elif resource.type.startswith("google_"):
        keys = ["resource_labels", "labels"]
    else:
        keys = []
    return next((key for key in keys if key in resource.values), None)
