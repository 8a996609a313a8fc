"""Names that are unique in all of Azure, and the ids of what has a name."""

import hashlib
import re

_DIGEST_LENGTH = 8


def global_name(environment: str, subscription_id: str, purpose: str, *, longest: int) -> str:
    """A name of lower-case letters and digits, the same in every run: `aksdevstate1f3870be`.

    Storage accounts and registries share one namespace with everybody, so a digest of the subscription ends the name;
    a long environment's name is cut, and still told from others by the digest.
    """
    digest = hashlib.sha256(f"{subscription_id}/{environment}/{purpose}".encode()).hexdigest()[:_DIGEST_LENGTH]
    letters = re.sub("[^a-z0-9]", "", environment)[: longest - len(purpose) - _DIGEST_LENGTH]
    return f"{letters}{purpose}{digest}"


def resource_id(subscription_id: str, resource_group: str, type_: str, name: str) -> str:
    """The id of a resource, for example of the type `Microsoft.ContainerRegistry/registries`."""
    return f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}/providers/{type_}/{name}"
