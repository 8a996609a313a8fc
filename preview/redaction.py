"""What must not be shown: by the place where it stands, and by its value wherever it stands."""

import base64
import json
import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

HIDDEN: Final = "(hidden)"
# Words of a name that is given to secrets. A `key` alone is none: maps and selectors have them.
_SECRET_NAME: Final = re.compile(
    r"passw(?:or)?d|passphrase|secret|token|credential|(?:api|access|private|account|client|signing|encryption)[_-]?key"
    r"|connection[_-]?string|sas[_-]?url|dsn|kube[_-]?config",
    re.IGNORECASE,
)
# Names with such a word that say which secret, or where, and not what is in it.
_NO_SECRET: Final = re.compile(
    r"secret_?(name|ref|key_?ref)|token_?(issuer|audience|path|expiration)|automount_?service_?account_?token"
    r"|automount_?secret|credential_?helper|_?rotation|_enabled$|_?disabled$|secret_?provider",
    re.IGNORECASE,
)
# What a value must not look like, whatever its name: keys and tokens that their issuers give a form.
_SECRET_FORM: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{20,}"
    r"|\bAKIA[0-9A-Z]{16}\b|\bya29\.[A-Za-z0-9_-]{20,}|\bAIza[A-Za-z0-9_-]{35}|\bhf_[A-Za-z0-9]{20,}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bsk-[A-Za-z0-9_-]{20,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"
    r"|(?<=://)[^\s/:@\"']+:[^\s/@\"']+(?=@)"
    r"|(?<=AccountKey=)[A-Za-z0-9+/=]{20,}|(?<=[?&]sig=)[^&\s\"']+",
    re.DOTALL,
)
# `--password=…`, `--password …`, `DB_TOKEN: …` in arguments and messages; the name stays.
_ASSIGNED: Final = re.compile(
    rf"(?P<name>(?<![\w.-])[\w.-]*(?:{_SECRET_NAME.pattern})[\w.-]*\"?\s?[=:]\s?\"?|--[\w-]*(?:{_SECRET_NAME.pattern})[\w-]*\s+)"
    r"(?P<value>[^\s\"',;&]{3,})",
    re.IGNORECASE,
)
# Of Terraform's and CI's variables, those whose values anybody may see.
_HARMLESS_VARIABLE: Final = re.compile(
    r"^(PATH|HOME|PWD|OLDPWD|SHELL|SHLVL|LANG|LC_.*|TERM|USER|LOGNAME|HOSTNAME|TMPDIR|EDITOR|PYTHON.*|VIRTUAL_ENV|_"
    r"|XDG_.*|MODELYARD_ENV|CI|RUNNER_.*|GITHUB_(?!TOKEN).*|TF_(?!VAR_|TOKEN_).*|ImageOS|ImageVersion|.*_(HOME|ROOT|DIR|PATH))$"
)
_SHORTEST_SECRET = 6
_ENVIRONMENT: Final = re.compile(r"(^|[.→])env\[[^\]]+\]\.value$")


def is_secret_place(type_name: str, path: str) -> bool:
    """Whether a value is hidden for where it stands.

    Args:
        type_name: Of the resource.
        path: Of the value in it, as `changes.Leaf` has it.
    """
    # A variable of a container is no secret by itself, but it is where secrets are put.
    if _ENVIRONMENT.search(path):
        return True
    if type_name.startswith("kubernetes_secret") and re.match(r"(binary_)?data|string_data", path):
        return True
    if path.startswith("set_sensitive"):
        return True
    names = re.findall(r"[^.\[\]→]+", path)
    # `secret[0].secret_name` names one; `secret_key_ref.key` is a key's name.
    last = next((name for name in reversed(names) if not name.isdigit()), "")
    return is_secret_name(last)


def without_secrets(type_name: str, path: str, value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    """A value, also one in the JSON of a text, in which everything at a secret's place is hidden.

    Args:
        type_name: Of the resource.
        path: Of the value in it.
        value: Of any shape.
    """
    if is_secret_place(type_name, path):
        return HIDDEN
    if isinstance(value, dict):
        return {key: without_secrets(type_name, f"{path}.{key}", each) for key, each in value.items()}
    if isinstance(value, list):
        return [
            HIDDEN if is_secret_argument(value, i) else without_secrets(type_name, f"{path}[{i}]", each)
            for i, each in enumerate(value)
        ]
    if isinstance(value, str) and value[:1] in ("{", "["):
        with suppress(ValueError):
            return json.dumps(without_secrets(type_name, f"{path}→", json.loads(value)), ensure_ascii=False)
    return value


def is_secret_argument(elements: list[Any] | None, i: int) -> bool:
    """Whether the argument of a program before this one is `--password` or the like."""
    flag = elements[i - 1] if elements and 0 < i <= len(elements) else None
    return isinstance(flag, str) and flag.startswith("-") and "=" not in flag and is_secret_name(flag)


def is_secret_name(name: str) -> bool:
    """Whether a value of this name would be a secret."""
    return bool(_SECRET_NAME.search(name)) and not _NO_SECRET.search(name)


class Redactor:
    """Takes known secrets out of texts, in clear and as base64, JSON and URLs write them.

    Args:
        secrets: The values; those shorter than six characters are left out: they would be found everywhere.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._lock = threading.Lock()
        self._forms: list[str] = []
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Adds values."""
        # Plans of several stacks come at once.
        with self._lock:
            self._secrets |= {each for each in secrets if len(each) >= _SHORTEST_SECRET}
            # The longest first: one secret may be a part of another.
            self._forms = sorted({form for each in self._secrets for form in _forms(each)}, key=len, reverse=True)

    def known(self, text: str) -> str:
        """The text without any of them, nor anything that has the form of a secret."""
        for secret in self._forms:
            text = text.replace(secret, HIDDEN)
        return _SECRET_FORM.sub(HIDDEN, text)

    def text(self, text: str) -> str:
        """The same, and without what the text itself assigns to the name of a secret."""
        return _ASSIGNED.sub(lambda found: f"{found['name']}{HIDDEN}", self.known(text))

    def value(self, value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
        """A JSON value, of which every text is without them."""
        if isinstance(value, dict):
            return {key: self.value(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.value(each) for each in value]
        return self.text(value) if type(value) is str else value


def _forms(secret: str) -> set[str]:
    """As it stands in clear, in addresses, in JSON and as base64."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], encoded}


def secrets_of_environment(committed: Path, variables: Mapping[str, str] = os.environ) -> set[str]:
    """Values of this process's variables that might be secrets; what stands in the committed settings is none.

    Args:
        committed: The folder of the environments' settings.
        variables: Of the process.
    """
    public = "\n".join(file.read_text() for file in sorted(committed.glob("*.toml")))
    return {
        value
        for name, value in variables.items()
        if len(value) >= _SHORTEST_SECRET and not _HARMLESS_VARIABLE.match(name) and value not in public
    }


def secrets_of_plan(plan: Mapping[str, Any]) -> set[str]:
    """Values of a plan that its marks, or their places, call secret."""
    found: set[str] = set()
    for entry in plan.get("resource_changes", []):
        change = entry["change"]
        for side in ("before", "after"):
            for path, value, sensitive in _texts(change.get(side), change.get(f"{side}_sensitive")):
                # What a variable of a container has is hidden where it stands; elsewhere the same word may be harmless.
                if sensitive or (is_secret_place(entry["type"], path) and not _ENVIRONMENT.search(path)):
                    found.add(value)
    for output in plan.get("output_changes", {}).values():
        for side in ("before", "after"):
            found.update(
                value for _, value, marked in _texts(output.get(side), output.get(f"{side}_sensitive")) if marked
            )
    return found


def _texts(value: Any, sensitive: Any, path: str = "") -> Iterator[tuple[str, str, bool]]:  # noqa: ANN401 - of any shape
    """Each text in a value, also in the JSON of a text: its path, itself, and whether it is marked."""
    if isinstance(value, dict):
        for name, each in value.items():
            mark = sensitive.get(name) if isinstance(sensitive, dict) else sensitive
            yield from _texts(each, mark, f"{path}.{name}".removeprefix("."))
    elif isinstance(value, list):
        for i, each in enumerate(value):
            mark = (sensitive[i] if i < len(sensitive) else False) if isinstance(sensitive, list) else sensitive
            yield from _texts(each, mark is True or is_secret_argument(value, i) or mark, f"{path}[{i}]")
    elif isinstance(value, str):
        yield path, value, sensitive is True
        if value[:1] in ("{", "["):
            with suppress(ValueError):
                yield from _texts(json.loads(value), False, f"{path}→")
