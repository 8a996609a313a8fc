"""What of a service's manifests is refused before Terraform starts."""

import gzip
import math
import reprlib
from collections.abc import Mapping, Sequence

from modelyard.errors import ConfigurationError
from modelyard.inference_service_checks import API_GROUP, check_canary
from modelyard.manifest_text import placeholder

from cdktf import Token

# What the API server keeps of whole numbers exactly.
_LARGEST = 2**63 - 1
# Numbers below stand for tokens (cdktf's lib/tokens/private/encoding.js).
_TOKEN_NUMBERS = -1e280
# What a Secret holds: https://kubernetes.io/docs/concepts/configuration/secret/
_SECRET_BYTES = 2**20


def checked(manifests: Sequence[Mapping[str, object]], *, release: str, namespace: str) -> list[dict[str, object]]:
    """The manifests, with a placeholder for each token that is no text.

    Raises:
        ConfigurationError: With the manifest's place in the list.
    """
    checked = []
    for number, manifest in enumerate(manifests):
        where = f"release {release!r}: manifests[{number}]"
        plain = _plain(manifest, where)
        if not isinstance(plain, dict):
            raise ConfigurationError(
                f"{reprlib.repr(manifest)} is no manifest",
                mend="write a dict with apiVersion, kind, metadata",
                where=where,
            )
        _check_object(plain, namespace, where)
        checked.append(plain)
    _check_together(checked, release)
    return checked


def check_size(values: Sequence[str], *, release: str) -> None:
    """Refuses values that Helm could not keep; raises ConfigurationError with the size."""
    # The record of a release holds values and what is rendered of them: in gzip, then in base64.
    record = len(gzip.compress("".join([*values, *values]).encode())) * 4 // 3
    if record > _SECRET_BYTES:
        raise ConfigurationError(
            f"Helm would keep {record} bytes of its manifests, in a Secret, which holds {_SECRET_BYTES}",
            mend="divide them among several releases, or keep large data in a bucket or an image",
            where=f"release {release!r}",
        )


def _plain(value: object, where: str) -> object:
    """What JSON holds, with a placeholder for each token that is no text."""
    if _is_token(value):
        return placeholder(value)
    match value:
        case None | bool() | str():
            return value
        case int() if abs(value) <= _LARGEST:
            return value
        case float() if math.isfinite(value):
            return value
        case Mapping():
            return {_key(key, where): _plain(inner, f"{where}.{key}") for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner, f"{where}[{number}]") for number, inner in enumerate(value)]
    raise ConfigurationError(
        f"{reprlib.repr(value)} of type {type(value).__name__} cannot stand in a manifest",
        mend="write a text, a whole number of 64 bits, a finite float, true, false, None, a list or a dict of such",
        where=where,
    )


def _is_token(value: object) -> bool:
    """Whether cdktf has yet to resolve it; cdktf is asked, which takes time, of what has a token's form only."""
    if isinstance(value, float):
        return -math.inf < value < _TOKEN_NUMBERS
    if isinstance(value, list | dict) and len(value) == 1:
        (only,) = value
        marked = isinstance(only, str) and only.startswith(("#{TfToken[", "&{TfToken["))
        return (marked or (isinstance(only, float) and _is_token(only))) and Token.is_unresolved(value)
    return hasattr(value, "__jsii_ref__") and Token.is_unresolved(value)


def _key(key: object, where: str) -> str:
    if isinstance(key, str):
        return key
    raise ConfigurationError(
        f"the key {key!r} is of type {type(key).__name__}", mend=f'write it as a text: "{key}"', where=where
    )


def _check_object(manifest: dict[str, object], namespace: str, where: str) -> None:
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    needed = {
        "apiVersion": manifest.get("apiVersion"),
        "kind": manifest.get("kind"),
        "metadata.name": metadata.get("name"),
    }
    for key, value in needed.items():
        if not isinstance(value, str) or not value:
            raise ConfigurationError(
                f"{key} is missing" if value is None else f"{key} = {value!r}",
                mend="write a text (a generateName is not enough: a release finds what it made by its name)",
                where=where,
            )
    kind = str(manifest["kind"])
    if kind.endswith("List") and "items" in manifest:
        raise ConfigurationError(
            f"kind {kind} is no object but a list of them", mend="give each item as a manifest", where=where
        )
    if metadata.get("namespace", namespace) != namespace:
        raise ConfigurationError(
            f"metadata.namespace = {metadata['namespace']!r} is not the namespace of the release",
            mend="leave it out: what needs a namespace gets the release's; "
            "make a release of its own for what belongs into another one",
            where=where,
        )
    if kind == "InferenceService" and _group(manifest) == API_GROUP:
        check_canary(manifest, where)
    if kind == "Secret" and _group(manifest) == "" and manifest.keys() & {"data", "stringData"}:
        raise ConfigurationError(
            f"Secret {metadata['name']!r}: what is in it would stand in plans and in Terraform's state",
            mend="refer by name to a Secret that the cluster fetches from a secret store (with an ExternalSecret of "
            "External Secrets Operator, for example) or that was made with kubectl",
            where=where,
        )


def _check_together(manifests: list[dict[str, object]], release: str) -> None:
    places: dict[tuple[str, str, str], str] = {}
    defined = {_defined_by(manifest) for manifest in manifests}
    for number, manifest in enumerate(manifests):
        group, kind, name = identity = _identity(manifest)
        where = f"release {release!r}: manifests[{number}]"
        if identity in places:
            raise ConfigurationError(
                f"{kind} {name!r} is the same object as {places[identity]}",
                mend="remove one of the two, or rename it",
                where=where,
            )
        places[identity] = f"manifests[{number}]"
        if (group, kind) in defined:
            raise ConfigurationError(
                f"{kind} {name!r} is of a kind that the same release defines, "
                "and Helm looks up every kind before it makes the first object",
                mend="move the CustomResourceDefinition to a release of its own, and name that in depends_on",
                where=where,
            )


def _identity(manifest: dict[str, object]) -> tuple[str, str, str]:
    """API group, kind and name: what an object is, whatever version it is written in."""
    metadata = manifest["metadata"]
    name = metadata["name"] if isinstance(metadata, dict) else ""
    return _group(manifest), str(manifest["kind"]), str(name)


def _group(manifest: dict[str, object]) -> str:
    """Empty for the core group, whose apiVersion is a version only."""
    return str(manifest["apiVersion"]).rpartition("/")[0]


def _defined_by(manifest: dict[str, object]) -> tuple[object, object] | None:
    """Group and kind, if this is the definition of one."""
    match manifest:
        case {"kind": "CustomResourceDefinition", "spec": {"group": group, "names": {"kind": kind}}}:
            return group, kind
    return None
