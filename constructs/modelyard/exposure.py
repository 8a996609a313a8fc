"""Who may reach a LoadBalancer. There is no default: an open model endpoint must be somebody's decision."""

import ipaddress
import itertools
from dataclasses import dataclass

from modelyard.errors import ConfigurationError

_WORLD = "0.0.0.0/0"
# RFC 1918: what an internal address can be reached from.
_PRIVATE_RANGES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


@dataclass(frozen=True)
class Exposure:
    """Made by one of its three factories.

    Attributes:
        ranges: IPv4 networks in CIDR form whose addresses are let in.
        is_internal: Whether the address is one of the private network.
    """

    ranges: tuple[str, ...]
    is_internal: bool = False

    @property
    def is_world(self) -> bool:
        """Whether everybody on the internet is let in."""
        return self.ranges == (_WORLD,)

    @classmethod
    def internal(cls) -> "Exposure":
        """An address inside the private network only."""
        return cls(ranges=_PRIVATE_RANGES, is_internal=True)

    @classmethod
    def world(cls) -> "Exposure":
        """Anybody on the internet, without authentication."""
        return cls(ranges=(_WORLD,))

    @classmethod
    def source_ranges(cls, *ranges: str) -> "Exposure":
        """A public address that answers the given IPv4 networks only, for example `203.0.113.0/24`.

        Raises:
            ConfigurationError: No range, not a network, two that overlap, or all of the internet.
        """
        if not ranges:
            raise ConfigurationError(
                "source_ranges is empty: the LoadBalancer would answer the whole internet",
                mend="name the networks that may reach it, or write internal, or world if that is meant",
            )
        networks = [_network(each) for each in ranges]
        # Halves that are the whole together are no smaller than the whole.
        if any(each.prefixlen == 0 for each in ipaddress.collapse_addresses(networks)):
            raise ConfigurationError(
                f"{' with '.join(map(str, networks))} is the whole internet",
                mend="name smaller networks, or write world if that is meant",
            )
        for one, other in itertools.combinations(networks, 2):
            if one.overlaps(other):
                raise ConfigurationError(f"{one} and {other} overlap", mend="name the larger of the two only")
        return cls(ranges=tuple(map(str, networks)))


def _network(text: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError as error:
        raise ConfigurationError(
            f"{text!r} is not an IPv4 network: {error}",
            mend="write CIDR form with zero host bits, for example 203.0.113.0/24, or 203.0.113.7/32 for one address",
        ) from error
