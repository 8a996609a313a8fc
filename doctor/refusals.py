"""How a cloud's API says no, in either cloud."""

from typing import Final

from modelyard.errors import ConfigurationError

#: The mend where an API or a login does not answer.
NETWORK: Final = "look at the network (a proxy, a VPN?), and run it again"


class RefusedError(ConfigurationError):
    """The API's refusal.

    Attributes:
        status: The HTTP code.
    """

    def __init__(self, status: int, said: str, *, mend: str) -> None:
        super().__init__(said, mend=mend)
        self.status = status
