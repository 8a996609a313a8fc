"""The labels and tags that this package writes and reads."""

from typing import Final

#: On what somebody made to stay: a sweep lists it and leaves it.
KEPT: Final = "modelyard-kept"
#: On a snapshot: the claim whose disk it was.
NAMESPACE: Final = "claim-namespace"
CLAIM: Final = "claim-name"
