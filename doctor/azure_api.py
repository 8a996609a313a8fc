"""Questions to Azure's APIs, each answered within seconds or refused in words that a check can tell."""

import base64
import datetime
import json
import logging
import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from modelyard.errors import ConfigurationError

import requests
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.rest import HttpRequest
from azure.identity import DefaultAzureCredential
from azure.mgmt.resource.resources import ResourceManagementClient

from doctor.refusals import NETWORK, RefusedError

_PUBLIC: Final = "https://management.azure.com"
_SCOPE: Final = f"{_PUBLIC}/.default"
GRAPH: Final = "https://graph.microsoft.com"
_SECONDS: Final = 8
_LOG_IN: Final = "az login; in a workflow, azure/login"


class Login:
    """Whoever is logged in, as the token says that Azure gave.

    Attributes:
        until: When the token ends.
        object_id: Entra's id of the person or program; empty where the token does not tell.
    """

    def __init__(self, token: str, expires_on: int) -> None:
        self.until = datetime.datetime.fromtimestamp(expires_on, datetime.UTC)
        self._claims = _claims(token)
        self.object_id = str(self._claims.get("oid", ""))

    def __str__(self) -> str:
        names = (self._claims.get(claim) for claim in ("upn", "unique_name", "appid"))
        name = next(filter(None, names), "a login that does not tell its name")
        tenant = f", tenant {self._claims['tid']}" if "tid" in self._claims else ""
        return f"{name}{tenant}, token until {self.until:%H:%M} UTC"


class AzureApi:
    """Azure Resource Manager and Microsoft Graph, as whoever is logged in.

    Args:
        subscription: Of the environment.
    """

    def __init__(self, subscription: str) -> None:
        self.subscription = f"/subscriptions/{subscription}"
        self._subscription_id = subscription
        self._credential: DefaultAzureCredential
        self._client: ResourceManagementClient

    def log_in(self) -> Login:
        """Who is logged in; comes before every question. Raises ConfigurationError where nobody is."""
        # What each way to log in has to say, over many lines.
        logging.getLogger("azure.identity").setLevel(logging.ERROR)
        try:
            self._credential = DefaultAzureCredential()
            token = self._credential.get_token(_SCOPE)
        except ValueError as error:
            raise ConfigurationError(
                f"the variables for Azure's login are wrong: {error}", mend="look at those that begin with AZURE_"
            ) from error
        except ClientAuthenticationError as error:
            raise ConfigurationError(
                f"nobody is logged in to Azure: {error.message.strip().splitlines()[0]}", mend=_LOG_IN
            ) from error
        except AzureError as error:
            raise ConfigurationError(f"Azure's login does not answer: {type(error).__name__}", mend=NETWORK) from error
        self._client = ResourceManagementClient(
            self._credential,
            self._subscription_id,
            os.environ.get("ARM_ENDPOINT", _PUBLIC).rstrip("/"),
            credential_scopes=[_SCOPE],
            connection_timeout=_SECONDS,
            read_timeout=_SECONDS,
            retry_total=1,
        )
        return Login(token.token, token.expires_on)

    def ask(self, path: str, version: str, *, method: str = "GET", **query: str) -> Mapping[str, Any]:
        """The answer of Azure Resource Manager.

        Args:
            path: After the host.
            version: Of the API of what is asked for.
            method: Of HTTP.
            query: Further parameters.

        Raises:
            RefusedError: It says no.
            ConfigurationError: It does not answer, or nobody is logged in any more.
        """
        parameters = {"api-version": version, **{f"${name}": value for name, value in query.items()}}
        return self._sent(HttpRequest(method, path, params=parameters))

    def find(self, path: str, version: str) -> Mapping[str, Any] | None:
        """The answer; None where there is no such thing. Raises like `ask`."""
        try:
            return self.ask(path, version)
        except RefusedError as error:
            if error.status == 404:
                return None
            raise

    def pages(self, path: str, version: str, **query: str) -> Iterator[Mapping[str, Any]]:
        """What a listing has on all its pages. Raises like `ask`."""
        page = self.ask(path, version, **query)
        yield from page["value"]
        while following := page.get("nextLink"):
            page = self._sent(HttpRequest("GET", following))
            yield from page["value"]

    def graph(self, path: str, body: Mapping[str, list[str]] | None = None) -> Mapping[str, Any]:
        """The answer of Microsoft Graph; what has a body is a POST. Raises like `ask`."""
        try:
            token = self._credential.get_token(f"{GRAPH}/.default").token
            answer = requests.request(
                "GET" if body is None else "POST",
                f"{GRAPH}/v1.0/{path}",
                json=body,
                headers={"Authorization": f"Bearer {token}"},
                timeout=_SECONDS,
            )
        except (AzureError, requests.RequestException) as error:
            raise ConfigurationError(f"Entra does not answer: {type(error).__name__}", mend=NETWORK) from error
        if not answer.ok:
            raise RefusedError(answer.status_code, f"Entra says {answer.status_code}", mend=_LOG_IN)
        found: Mapping[str, Any] = answer.json()
        return found

    def _sent(self, request: HttpRequest) -> Mapping[str, Any]:
        try:
            answer = self._client.send_request(request)
        except ClientAuthenticationError as error:
            raise ConfigurationError("nobody is logged in to Azure any more", mend=_LOG_IN) from error
        except AzureError as error:
            raise ConfigurationError(f"Azure does not answer: {type(error).__name__}", mend=NETWORK) from error
        try:
            told: Mapping[str, Any] = answer.json()
        except ValueError:
            told = {}
        if answer.status_code < 400:
            return told
        said = told.get("error") or {}
        raise RefusedError(
            answer.status_code,
            f"{said.get('code', answer.status_code)}: {said.get('message', answer.reason)}",
            mend=f"ask who owns {self.subscription} for a role that may see that, such as Reader",
        )


def _claims(token: str) -> Mapping[str, Any]:
    """What a token says of its bearer; it is Azure's to check, and read here only to be told."""
    try:
        payload = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
