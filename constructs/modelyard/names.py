"""Names of cloud and Kubernetes objects: deterministic, and checked for length and form where they are made."""

import re

from modelyard.errors import ConfigurationError

_DNS_LABEL = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")


def dns_label(name: str, *, what: str, longest: int = 63) -> str:
    """`name`, if it is a DNS label that starts with a letter (RFC 1035) of at most `longest` characters.

    Args:
        name: The name to check.
        what: What it names, for the error: `the bucket's name`.
        longest: What the API that takes the name allows.

    Raises:
        ConfigurationError: With the limit and the length.
    """
    if not _DNS_LABEL.fullmatch(name):
        raise ConfigurationError(
            f"{what} {name!r} has other characters than a-z, 0-9 and -, or does not start with a letter",
            mend="rename it: a lower-case letter first, then letters, digits and dashes, no dash at the end",
        )
    if len(name) > longest:
        raise ConfigurationError(
            f"{what} {name!r} has {len(name)} characters, {longest} are allowed",
            mend=f"shorten it by {len(name) - longest}",
        )
    return name


def kubernetes_name(folder: str) -> str:
    """The Kubernetes name of a folder: `image_classifier` is `image-classifier`. Raises ConfigurationError."""
    return dns_label(folder.replace("_", "-"), what="the service name")
