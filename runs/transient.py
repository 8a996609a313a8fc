"""Errors that pass by themselves, by what they say; everything else is a person's.

Sources, besides the providers' own texts (hashicorp/google 6.50, azurerm 4.55, kubernetes 2.38, helm 3.1):

- Go's net, net/http and crypto/tls for connections: `connection reset by peer`, `TLS handshake timeout`, `i/o timeout`.
- https://cloud.google.com/apis/design/errors: retry 429 and 503; the provider's own list of what it retries is
  google/transport/error_retry_predicates.go.
- https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling for 429, and
  https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-another-operation-in-progress.
- k8s.io/apimachinery/pkg/api/errors: `IsTooManyRequests`, `IsServerTimeout`, `IsInternalError`; etcd's
  api/v3rpc/rpctypes/error.go: `etcdserver: leader changed`, `request timed out`;
  k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle: `because it is being terminated`.

Helm's `another operation (install/upgrade/rollback) is in progress` is not one: the record of a killed run says so for
ever.
"""

import re
from collections.abc import Sequence

from runs.diagnostics import Diagnostic

_CONNECTION = (
    r"connection reset by peer",
    r"connection refused",
    r"broken pipe",
    r"TLS handshake timeout",
    r"i/o timeout",
    r"unexpected EOF",
    r": EOF\b",
    r"http2: (?:server sent GOAWAY|client connection lost)",
    r"Client\.Timeout exceeded while awaiting headers",
    r"server misbehaving",
    r"temporary failure in name resolution",
    r"net/http: request canceled while waiting for connection",
)
_STATUS = (
    # `googleapi: Error 503: …`, `unexpected status 429 (429 Too Many Requests)`, `StatusCode=503`, `HTTP code 502`.
    r"(?:Error|status|StatusCode[=:]?|code|HTTP) ?(?:429|500|502|503|504)\b",
    r"\b(?:Too Many Requests|Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)\b",
    r"\b(?:rateLimitExceeded|RESOURCE_EXHAUSTED: Quota exceeded for quota metric .*per minute)\b",
)
_GOOGLE = (
    r"\bbackendError\b",
    r"please try again",
    r"try again later",
    r"operation (?:was )?(?:is )?(?:already )?in progress on (?:the )?(?:cluster|node pool)",
    r"Cluster is running incompatible operation",
    r"resource(?:InUse|NotReady)\b.*not ready",
    r"There were concurrent policy changes",
    r"Error code 8\b",
)
_AZURE = (
    r"\bAnotherOperationInProgress\b",
    r"\bOperationNotAllowed\b.*in progress",
    r"\bRetryableError\b",
    r"\bTooManyRequests\b",
    r"\bServerTimeout\b",
    r"\bInternalServerError\b",
)
_KUBERNETES = (
    r"etcdserver: (?:leader changed|request timed out|no leader)",
    r"the server is currently unable to handle the request",
    r"the server was unable to return a response in the time allotted",
    r"Timeout: request did not complete within requested timeout",
    r"the object has been modified; please apply your changes to the latest version",
)
# A namespace that still goes, after a teardown that was cut off: nothing is made in it.
_REFUSED = (r"because it is being terminated",)
_LOSING = re.compile("|".join([*_CONNECTION, *_STATUS, *_GOOGLE, *_AZURE, *_KUBERNETES]), re.IGNORECASE)
_REFUSING = re.compile("|".join(_REFUSED), re.IGNORECASE)
_LASTING = re.compile(r"another operation \(install/upgrade/rollback\) is in progress", re.IGNORECASE)


def is_transient(errors: Sequence[Diagnostic]) -> bool:
    """Whether all of a call's errors pass by themselves; a call without errors has none that do."""
    return bool(errors) and all(_passes(error.words) for error in errors)


def lost_an_answer(errors: Sequence[Diagnostic]) -> bool:
    """Whether a request may have done its work although it failed: what it made can be there already the next time."""
    return any(_may_be_done(error.words) for error in errors)


def _passes(words: str) -> bool:
    return _may_be_done(words) or bool(_REFUSING.search(words))


def _may_be_done(words: str) -> bool:
    return bool(_LOSING.search(words)) and not _LASTING.search(words)
