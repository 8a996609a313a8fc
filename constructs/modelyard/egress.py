"""What a service's pods may reach, besides the cluster's DNS."""

from dataclasses import dataclass
from typing import Any

# What is not the internet: private networks, and the link-local range where clouds serve instance credentials.
_NOT_THE_INTERNET = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")


@dataclass(frozen=True)
class Egress:
    """Made by one of its factories.

    Attributes:
        network: The IPv4 network that may be reached, None for nothing.
        excluded: Networks inside it that may not.
        ports: TCP ports.
    """

    network: str | None = None
    excluded: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()

    @classmethod
    def none(cls) -> "Egress":
        """DNS only."""
        return cls()

    @classmethod
    def internet(cls, *ports: int) -> "Egress":
        """Public addresses on the given TCP ports, by default 80 and 443; never private or link-local ones."""
        return cls(network="0.0.0.0/0", excluded=_NOT_THE_INTERNET, ports=ports or (80, 443))

    def rule(self) -> dict[str, Any]:
        """As a NetworkPolicy's manifest has it; nothing is let out where `network` is None.

        Raises:
            ValueError: There is no network.
        """
        if self.network is None:
            raise ValueError("nothing to let out")
        block = {"cidr": self.network, **({"except": list(self.excluded)} if self.excluded else {})}
        return {"to": [{"ipBlock": block}], "ports": [{"port": port, "protocol": "TCP"} for port in self.ports]}


def dns_rule() -> dict[str, Any]:
    """As a NetworkPolicy's manifest lets pods ask for names, wherever the cluster's DNS is."""
    return {"ports": [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]}
