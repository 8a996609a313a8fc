"""Questions to Google's APIs, each answered within seconds or refused in words that a check can tell."""

from collections.abc import Mapping
from typing import Any, Final

from modelyard.errors import ConfigurationError

import httplib2
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.auth.transport.requests import Request
from googleapiclient.errors import HttpError

from doctor.refusals import NETWORK, RefusedError
from leftovers.google_client import client, log_in, nobody, told

_SECONDS: Final = 8
# A 5xx or a connection that breaks off: once more.
_RETRIES: Final = 1
_DISABLED: Final = ("SERVICE_DISABLED", "accessNotConfigured")


class DisabledError(ConfigurationError):
    """The API is not enabled in the project."""


class GoogleApi:
    """Google's APIs as whoever is logged in.

    Args:
        project: Of the environment.
    """

    def __init__(self, project: str) -> None:
        self._project = project
        self._credentials: Any = None

    def log_in(self) -> Any:  # noqa: ANN401 - the library's classes have no common type that is typed
        """The credentials, with a token that is good now. Raises ConfigurationError where nobody is logged in."""
        self._credentials = log_in()
        try:
            self._credentials.refresh(Request())
        except TransportError as error:
            raise ConfigurationError("Google's login does not answer", mend=NETWORK) from error
        except RefreshError as error:
            # The rest of it is the answer as it came.
            said = str(error.args[0]) if error.args else "refused"
            raise ConfigurationError(
                f"the login has expired or was withdrawn: {said}",
                mend="gcloud auth application-default login; in a workflow, google-github-actions/auth",
            ) from error
        except GoogleAuthError as error:
            raise nobody(error) from error
        return self._credentials

    def client(self, api: str, version: str = "v1") -> Any:  # noqa: ANN401 - built at run time
        """A client for one thread, after `log_in`."""
        return client(api, version, self._credentials, seconds=_SECONDS)

    def ask(self, request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - built at run time
        """The answer.

        Raises:
            DisabledError: The API is not enabled.
            RefusedError: It says no.
            ConfigurationError: It does not answer.
        """
        try:
            answer: Mapping[str, Any] = request.execute(num_retries=_RETRIES)
        except HttpError as error:
            reason, message = told(error)
            host = f"{request.methodId.partition('.')[0]}.googleapis.com"
            if reason in _DISABLED:
                mend = f"gcloud services enable {host} --project {self._project}"
                raise DisabledError(f"the API {host} is not enabled", mend=mend) from error
            raise RefusedError(
                error.resp.status,
                f"{error.resp.status}: {message}",
                mend=f"ask who owns the project {self._project} for the right to see that",
            ) from error
        except GoogleAuthError as error:
            raise nobody(error) from error
        except (OSError, httplib2.HttpLib2Error) as error:
            raise ConfigurationError(
                f"Google does not answer: {type(error).__name__}",
                mend=NETWORK,
            ) from error
        return answer

    def find(self, request: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - built at run time
        """The answer; None where there is no such thing, or its API is not even enabled. Raises like `ask`."""
        try:
            return self.ask(request)
        except DisabledError:
            return None
        except RefusedError as error:
            if error.status == 404:
                return None
            raise
