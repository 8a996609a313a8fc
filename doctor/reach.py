"""Whether what is deployed can be reached from here: the same questions in every cloud."""

import shutil
from collections.abc import Mapping, Sequence
from typing import Any, Final

from modelyard.exposure import Exposure
from modelyard.serving.cluster import ApiError, Cluster, NoAnswerError

from doctor.check import Finding, fail, ok, skipped, warn
from estate.cluster_access import kubeconfig
from images.registry import is_pushed
from stacks.settings import CloudSettings

#: Of one call of the cluster, with the program that logs in.
ANSWER_SECONDS: Final = 12


def find_login_program(login: Mapping[str, Any] | None, mend: str) -> Finding:
    """Whether the program is installed that logs in to the cluster.

    Args:
        login: The block `exec` of Terraform's provider.
        mend: How it is installed.
    """
    if login is None:
        return skipped("neither services nor add-ons are declared")
    where = shutil.which(login["command"])
    return ok(where) if where else fail(f"{login['command']} is missing", mend)


def is_signed_in(images: Sequence[str], mend: str) -> Finding:
    """Whether the registry tells this machine's Docker or buildah which images it has.

    Args:
        images: With registry and tag.
        mend: How one signs in.
    """
    if not images:
        return skipped("no images are declared")
    found = [is_pushed(image) for image in images[:1]]
    if None in found:
        return fail(f"{images[0].partition('/')[0]} does not tell this machine what it has", mend)
    return ok(f"{images[0].partition('/')[0]} answers")


def not_made(settings: CloudSettings, part: str) -> Finding:
    """What it means that a stack's resources are not there."""
    return skipped(f"not made yet: modelyard up {settings.name} --only {settings.stack_id(part)}")


def no_store(settings: CloudSettings, name: str) -> Finding:
    """What it means that the store of the states is not there."""
    stack = settings.stack_id("state")
    if settings.state.own_state == "remote":
        return fail(
            f"{name} is not there, and environments/{settings.name}.toml says that it keeps its own state",
            f'write own_state = "local" there, then: npx cdktf deploy {stack}',
        )
    return skipped(f"{name} is not made yet: npx cdktf deploy {stack}")


def reach(values: Mapping[str, Any], login: Mapping[str, Any] | None, *, control_plane: Exposure) -> Finding:
    """Whether the cluster answers whoever is logged in.

    Args:
        values: Address and certificate, as Terraform's resource of the cluster has them.
        login: The block `exec` of Terraform's provider.
        control_plane: Who may reach the Kubernetes API.
    """
    if login is None:
        return skipped("neither services nor add-ons are declared")
    try:
        return greet(Cluster(kubeconfig(values, login), answer_seconds=ANSWER_SECONDS))
    except NoAnswerError as error:
        ranges = ", ".join(control_plane.ranges)
        return fail(
            error.what,
            f"is this machine's address in control_plane_ranges, {ranges}? `curl https://ifconfig.me` tells it",
        )


def greet(cluster: Cluster) -> Finding:
    """Asks for the nodes, which everybody may list who deploys."""
    try:
        nodes = cluster.list("nodes")
    except ApiError as error:
        if error.status == 403:
            return warn(f"it answers, and does not let you list nodes: {error.said}", error.mend)
        raise
    ready = sum(_is_ready(node) for node in nodes)
    told = f"it answers: {ready} of {len(nodes)} nodes are ready"
    return warn(told, "kubectl describe nodes says why") if nodes and not ready else ok(told)


def _is_ready(node: Mapping[str, Any]) -> bool:
    conditions = node["status"].get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
