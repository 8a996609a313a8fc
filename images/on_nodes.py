"""What the nodes of a cluster tell of the images that they have."""

import json
from dataclasses import dataclass

from images.kubectl import kubectl

# A kubelet tells of no more than this many, the largest (nodeStatusMaxImages).
_TOLD_IMAGES = 50


@dataclass(frozen=True)
class NodeImages:
    """Of one node, as it was up to 40 s ago.

    Attributes:
        names: By which it knows those that it tells of.
        are_all: Whether it has no others.
    """

    names: frozenset[str]
    are_all: bool

    def __contains__(self, image: str) -> bool:
        """Whether it tells of an image, perhaps with a registry before its name."""
        return any(f"/{name}".endswith(f"/{image}") for name in self.names)


def images_on_nodes(context: str) -> list[NodeImages]:
    """What each node tells; nothing if the cluster does not answer.

    Args:
        context: The kubeconfig's context.
    """
    listed = kubectl(context, "get", "nodes", "-o", "json")
    return told_images(listed) if listed else []


def told_images(nodes: str) -> list[NodeImages]:
    """What each node tells, by what `kubectl get nodes -o json` printed."""
    told = [node["status"].get("images", []) for node in json.loads(nodes)["items"]]
    return [
        NodeImages(
            names=frozenset(name for image in images for name in image.get("names") or []),
            are_all=len(images) < _TOLD_IMAGES,
        )
        for images in told
    ]
