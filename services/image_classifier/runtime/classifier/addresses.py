"""Which addresses a URL given by a stranger may lead to."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from .settings import Network

Address = IPv4Address | IPv6Address

# All unicast IPv6 addresses handed out so far. What carries an IPv4 address inside (mapped, compatible, NAT64) lies
# outside of it, so it is refused as a whole.
_GLOBAL_UNICAST = ip_network("2000::/3")
# What Python's is_global takes for public.
_REFUSED = (
    ip_network("168.63.129.16/32"),  # Azure's wire server hands out secrets of virtual machines, to their pods as well
    ip_network("192.0.0.0/24"),  # protocol assignments, a metadata service among them; is_global is right since 3.11.9
    ip_network("192.88.99.0/24"),  # relays of 6to4
    ip_network("2002::/16"),  # 6to4 carries an IPv4 address inside
)


def parse_address(text: str) -> Address:
    """Reads an address as the resolver gives it; an IPv4 address mapped into IPv6 becomes what it stands for."""
    address = ip_address(text)
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def is_public(address: Address) -> bool:
    """Tells whether an address belongs to the public internet.

    Loopback, private, link-local (metadata services), shared (CGNAT), multicast, reserved and documentation addresses
    do not; see the IANA special-purpose address registries.
    """
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast and not is_in(address, _REFUSED)


def is_in(address: Address, networks: Iterable[Network]) -> bool:
    """Tells whether an address belongs to one of the networks; one of another IP version never does."""
    return any(address in network for network in networks)
