"""Secrets that would stand in plans, in Terraform's state and in whatever prints them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.checks.stack import Outcome, Stack
from policies.documents import Document, mapping, tables
from policies.plan import UNKNOWN

# How the last word of a secret's name ends; of two words, where the last alone says too little.
_WORDS = ("PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "SECRET", "CREDENTIAL", "CREDENTIALS", "APIKEY")
_BEFORE_KEY = {"API", "ACCESS", "ACCOUNT", "ENCRYPTION", "PRIVATE", "SECRET", "SIGNING"}
# user:password@ in an address, unless a variable stands there.
_IN_ADDRESS = re.compile(r"://[^/\s:@]*:(?!\$[({])[^/\s@]+@")
_ENVIRONMENTS = re.compile(r"(extra)?env(s|vars|ironment)?", re.IGNORECASE)
_OPTION = re.compile(r"-+(?P<name>[\w-]+)=(?P<value>.+)", re.DOTALL)
# What Terraform makes and keeps, the secret with it.
_MADE = (
    "azuread_application_password",
    "azuread_service_principal_password",
    "google_service_account_key",
    "google_storage_hmac_key",
    "random_password",
    "tls_private_key",
)


def plain_values(stack: Stack) -> Iterator[Outcome]:
    """No password, token or key as a value: the finding says where it stands, and not what it is."""
    for document in stack.documents:
        found = sorted(set(_places(document)))
        yield document, f"a literal value: {', '.join(found)}" if found else None
    for release in stack.of_types("helm_release"):
        if release.values.get("repository_password"):
            yield release, "a value that the state holds: repository_password"
        for entry in release.values.get("set") or []:
            name = str(entry["name"])
            wrong = _holds_secret(name.rpartition(".")[2], entry.get("value"))
            yield release, f"a literal value: set {name}" if wrong else None
        # Sensitive is what Terraform does not print; the state has it all the same.
        for entry in release.values.get("set_sensitive") or []:
            yield release, f"a value that the state holds: set_sensitive {entry['name']}"


def made_by_terraform(stack: Stack) -> Iterator[Outcome]:
    """No keys, passwords and Secrets that Terraform makes: states and plans would hold them for ever."""
    for resource in stack.resources:
        if resource.type in _MADE:
            yield resource, f"a {resource.type} stands in the state with its secret"
    for secret in stack.objects("Secret"):
        held = [key for key in ("data", "stringData", "binaryData") if secret.content.get(key)]
        yield secret, f"{', '.join(held)}: stands in the state" if held else None


def _places(document: Document) -> Iterator[str]:
    """Where a secret stands in the open."""
    for path, table in tables(document.content):
        for key, value in table.items():
            place = f"{path}.{key}".lstrip(".")
            if _ENVIRONMENTS.fullmatch(key):
                yield from (f"{place}.{name}" for name, inner in _variables(value) if _holds_secret(name, inner))
            elif key in ("args", "command") and isinstance(value, list):
                yield from (f"{place} {name}" for name, inner in _options(value) if _holds_secret(name, inner))
            elif (not document.kind or document.kind == "ConfigMap") and not _is_reference(key):
                yield from (place,) if _holds_secret(key, value) else ()


def _variables(value: object) -> Iterator[tuple[str, object]]:
    """Of a list as in a container, or of a map as in many charts' values."""
    if isinstance(value, Mapping):
        yield from ((str(name), inner) for name, inner in value.items())
    elif isinstance(value, list):
        yield from ((str(mapping(each).get("name", "")), mapping(each).get("value")) for each in value)


def _options(arguments: list[Any]) -> Iterator[tuple[str, object]]:
    for each in arguments:
        if isinstance(each, str) and (option := _OPTION.fullmatch(each)):
            yield f"--{option['name']}", option["value"]


def _is_secret(name: str) -> bool:
    """Whether it is a secret's own name, which TOKEN_FILE, MAX_TOKENS and secretName are not."""
    words: list[str] = [word.upper() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
    while words and words[-1].isdecimal():
        words.pop()
    match words:
        case [*_, "CONNECTION", "STRING"]:
            return True
        case [*_, before, "KEY"]:
            return before in _BEFORE_KEY
        case [*_, last]:
            return last.endswith(_WORDS)
    return False


def _is_reference(key: str) -> bool:
    """Whether charts have the name of a Secret there, as in `platformSecret`."""
    return key.upper().endswith(("SECRET", "CREDENTIALS"))


def _holds_secret(name: str, value: object) -> bool:
    """Whether a secret stands there, and not what Kubernetes or Terraform puts in its place."""
    if not isinstance(value, str) or not value or UNKNOWN in value or re.fullmatch(r"\$\(\w+\)", value):
        return False
    return _is_secret(name) or bool(_IN_ADDRESS.search(value))
