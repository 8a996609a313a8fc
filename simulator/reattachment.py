"""How Terraform finds a provider that runs already: the entries of TF_REATTACH_PROVIDERS."""

from collections.abc import Mapping
from typing import Any, Final

# Terraform's, and OpenTofu's: each looks for `hashicorp/google` in its own.
_REGISTRIES: Final = ("registry.terraform.io", "registry.opentofu.org")
Entry = dict[str, Any]


def entry(process: int, *, protocol: int, network: str, address: str) -> Entry:
    """One provider.

    Args:
        process: Its id.
        protocol: The version of the plugin protocol that it speaks.
        network: `tcp` or `unix`.
        address: Where it listens.
    """
    return {
        "Protocol": "grpc",
        "ProtocolVersion": protocol,
        "Pid": process,
        # Terraform leaves a provider under test running when it ends.
        "Test": True,
        "Addr": {"Network": network, "String": address},
    }


def by_source(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """The entries, given by the provider's name, under every source address that stacks may have for it."""
    return {f"{registry}/hashicorp/{name}": one for registry in _REGISTRIES for name, one in entries.items()}
