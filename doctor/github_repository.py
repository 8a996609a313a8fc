"""What GitHub says of a repository: the numbers that its workflows' tokens carry."""

import os
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from modelyard.errors import ConfigurationError

import requests

#: Whose numbers the clouds are told to trust.
PUBLIC_API = "https://api.github.com"
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Repository:
    """A repository of GitHub's.

    Attributes:
        name: `owner/name`, written as GitHub writes it.
        id: Its number.
        owner_id: Its owner's number.
    """

    name: str
    id: int
    owner_id: int


def api_url() -> str:
    """Where GitHub's API is asked for."""
    return (os.environ.get("GITHUB_API_URL") or PUBLIC_API).rstrip("/")


def look_up(name: str) -> Repository:
    """Asks GitHub's API, at GITHUB_API_URL if that is set, with the token GITHUB_TOKEN if there is one.

    Args:
        name: `owner/name`; a former name will do.

    Raises:
        ConfigurationError: GitHub does not answer, or knows no such repository.
    """
    url = f"{api_url()}/repos/{quote(name)}"
    token = os.environ.get("GITHUB_TOKEN")
    headers = {"Accept": "application/vnd.github+json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        with requests.Session() as session:
            # Else a login of ~/.netrc for this host would be sent.
            session.auth = _as_it_is
            answer = session.get(url, headers=headers, timeout=_TIMEOUT_SECONDS)
    except requests.RequestException as error:
        raise ConfigurationError(f"{url} cannot be reached: {error}", mend=_offline("mend the network")) from error
    if answer.status_code == HTTPStatus.OK:
        return _repository(answer, url)
    raise _refusal(answer, url, name, has_token=bool(token))


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _repository(answer: requests.Response, url: str) -> Repository:
    try:
        told: dict[str, Any] = answer.json()
        return Repository(name=str(told["full_name"]), id=int(told["id"]), owner_id=int(told["owner"]["id"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{url} answers, but not as GitHub does", mend=_offline("look at GITHUB_API_URL")
        ) from error


def _refusal(answer: requests.Response, url: str, name: str, *, has_token: bool) -> ConfigurationError:
    match answer.status_code:
        case HTTPStatus.NOT_FOUND:
            mend = "look at its name; a private one shows itself to a token that may read it" + (
                ", which the one in GITHUB_TOKEN may not" if has_token else ": set GITHUB_TOKEN"
            )
            return ConfigurationError(f"GitHub knows no repository {name!r}", mend=mend)
        case HTTPStatus.UNAUTHORIZED:
            mend = "set GITHUB_TOKEN to a token that is still good, or to nothing for a public repository"
            return ConfigurationError("GitHub does not take the token in GITHUB_TOKEN", mend=mend)
        case HTTPStatus.FORBIDDEN | HTTPStatus.TOO_MANY_REQUESTS:
            mend = "set GITHUB_TOKEN, or try again in an hour: without a token, GitHub answers 60 questions an hour"
            return ConfigurationError(f"GitHub refuses to answer: {answer.reason}", mend=mend)
    return ConfigurationError(f"{url}: {answer.status_code} {answer.reason}", mend=_offline("try again"))


def _offline(first: str) -> str:
    return f"{first}, or name the numbers with --repository-id and --owner-id"
