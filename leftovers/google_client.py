"""The way to Google's APIs: whoever is logged in, and the discovery documents that Google's client library brings.

A variable such as GOOGLE_COMPUTE_CUSTOM_ENDPOINT, which Terraform's provider reads too, says where an API is for those
who reach it otherwise than everybody.
"""

import json
import logging
import os
from typing import Any, Final

from modelyard.errors import ConfigurationError

import google.auth
import google_auth_httplib2
import httplib2
from google.auth.exceptions import GoogleAuthError
from googleapiclient import discovery
from googleapiclient.errors import HttpError

_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
# As Terraform's provider calls them, where that is not the API's own name.
_NAMES: Final = {
    "artifactregistry": "ARTIFACT_REGISTRY",
    "cloudbilling": "CLOUD_BILLING",
    "cloudresourcemanager": "RESOURCE_MANAGER_V3",
    "serviceusage": "SERVICE_USAGE",
}
# The paths of these documents begin with the name of the version; of all others, it is in the address.
_VERSION_IN_ADDRESS: Final = ("compute", "storage")


def log_in() -> Any:  # noqa: ANN401 - the library's classes have no common type that is typed
    """The credentials of whoever is logged in. Raises ConfigurationError where nobody is."""
    # It warns of a default project that is missing: the environment names its own.
    logging.getLogger("google.auth._default").setLevel(logging.ERROR)
    try:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
    except GoogleAuthError as error:
        raise nobody(error) from error
    return credentials


def client(api: str, version: str, credentials: Any, *, seconds: float) -> Any:  # noqa: ANN401 - built at run time
    """A client of an API; for one thread.

    Args:
        api: The discovery document's name, for example `compute`.
        version: The API's, for example `v1`.
        credentials: As `log_in` gives them.
        seconds: How long one call may take.
    """
    return discovery.build(
        api,
        version,
        http=google_auth_httplib2.AuthorizedHttp(credentials, http=httplib2.Http(timeout=seconds)),
        static_discovery=True,
        client_options=_options(api, version),
    )


def _options(api: str, version: str) -> dict[str, str]:
    endpoint = os.environ.get(f"GOOGLE_{_NAMES.get(api, api.upper())}_CUSTOM_ENDPOINT")
    if not endpoint:
        return {}
    return {"api_endpoint": endpoint if api in _VERSION_IN_ADDRESS else endpoint.removesuffix(f"{version}/")}


def nobody(error: Exception) -> ConfigurationError:
    """Says that nobody is logged in."""
    return ConfigurationError(
        f"nobody is logged in to Google Cloud: {error}",
        mend="gcloud auth application-default login; in a workflow, google-github-actions/auth",
    )


def told(error: HttpError) -> tuple[str, str]:
    """The reason that Google gives for a refusal, in its word and in a sentence."""
    try:
        said = json.loads(error.content)["error"]
    except (ValueError, KeyError, TypeError):
        return "", f"{error.resp.status} {error.reason}"
    reasons = [each.get("reason", "") for each in (*(said.get("errors") or ()), *(said.get("details") or ()))]
    return next(filter(None, reasons), ""), str(said.get("message") or error.reason)
