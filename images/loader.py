"""Brings images to the nodes of a cluster that has no registry of its own."""

from collections.abc import Sequence
from pathlib import Path

from modelyard.errors import ConfigurationError

from stacks.local.settings import LocalSettings
from stacks.settings import Settings

# They run what their own Docker has built.
_SHARE_DOCKER = ("docker-desktop", "rancher-desktop", "orbstack")
_KIND = "kind-"


def load_command(context: str, image_loader: Sequence[str], archive: Path) -> list[str] | None:
    """What loads an archive of images into the nodes; None where they have the images already.

    Args:
        context: The kubeconfig's context.
        image_loader: The setting of that name: a program with arguments, to which the archive's path is added.
        archive: In the form of `docker save`.

    Raises:
        ConfigurationError: Nobody said how.
    """
    if image_loader:
        return [*image_loader, str(archive)]
    if context.startswith(_KIND):
        return ["kind", "load", "image-archive", str(archive), "--name", context.removeprefix(_KIND)]
    if context == "minikube":
        return ["minikube", "image", "load", str(archive)]
    if context in _SHARE_DOCKER:
        return None
    raise ConfigurationError(
        f"given {context!r}, of which nobody knows how its nodes get an image",
        mend='write the command that loads an archive, for example image_loader = ["k3s", "ctr", "images", "import"], '
        "or name a registry that the nodes reach as registry, and push",
        where="context",
    )


def loads(settings: Settings) -> bool:
    """Whether images are loaded into the nodes, instead of pushed: on a cluster of one's own, if anybody knows how.

    Raises:
        ConfigurationError: Nobody knows how, and the images' names have no registry in them.
    """
    if not isinstance(settings, LocalSettings):
        return False
    try:
        load_command(settings.context, settings.image_loader, Path())
    except ConfigurationError as error:
        if "." in settings.registry or ":" in settings.registry:
            return False
        raise error.within(f"environments/{settings.name}.toml") from error
    return True
