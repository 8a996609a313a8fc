"""Whether nodes can pull an image."""

from simulator.cluster import Cluster
from simulator.world import World


def pull_failure(image: str, cluster: Cluster, world: World) -> str | None:
    """Gives why nodes can't pull the image, None if they can."""
    if not cluster.knows_registry(image):
        return None
    reason = cluster.pull_refusal(image)
    if reason is None and image not in world.built_images():
        reason = "not found: no image of this name and tag was built and pushed"
    return (
        reason and f'ImagePullBackOff: Failed to pull image "{image}": failed to resolve reference "{image}": {reason}'
    )
