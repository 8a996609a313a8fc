"""Google's discovery documents, as its client library brings them: which requests there are, and what they answer."""

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import googleapiclient.discovery_cache
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # its types are a package more

_DOCUMENTS = Path(googleapiclient.discovery_cache.__file__).parent / "documents"


@dataclass(frozen=True)
class Call:
    """A request that the document knows: the method's id, its path's parameters, and the document's entry."""

    id: str
    arguments: dict[str, str]
    method: dict[str, Any]


class Discovery:
    """One API's document."""

    def __init__(self, api: str) -> None:
        document = json.loads((_DOCUMENTS / f"{api}.json").read_text())
        self.path = f"/{document['servicePath']}"
        self._common = document["parameters"]
        self._schemas = {name: _draft7(schema) for name, schema in document["schemas"].items()}
        self._methods = [
            (method, re.compile(self._pattern(method))) for method in _methods(document) if "path" in method
        ]

    def _pattern(self, method: dict[str, Any]) -> str:
        path = re.sub(r"\{\+?(\w+)\}", lambda found: f"(?P<{found[1]}>{_part(method, found[1])})", method["path"])
        return re.escape(self.path) + path

    def call(self, method: str, path: str, query: dict[str, str], body: object) -> Call:
        """The call that a request is; ValueError says what the document has against it."""
        for entry, pattern in self._methods:
            if entry["httpMethod"] == method and (found := pattern.fullmatch(path)):
                self._check_query(entry, query)
                if "request" in entry:
                    self.check(entry["request"]["$ref"], body)
                elif body is not None:
                    raise ValueError(f"{entry['id']} takes no body")
                return Call(entry["id"], found.groupdict(), entry)
        raise ValueError(f"no method of the API is {method} {path}")

    def _check_query(self, entry: dict[str, Any], query: dict[str, str]) -> None:
        own = {name: value for name, value in entry.get("parameters", {}).items() if value["location"] == "query"}
        if unknown := query.keys() - own.keys() - self._common.keys():
            raise ValueError(f"{entry['id']} has no parameter {', '.join(unknown)}")
        if missing := {name for name, value in own.items() if value.get("required")} - query.keys():
            raise ValueError(f"{entry['id']} misses {', '.join(missing)}")

    def check(self, schema: str, value: object) -> None:
        """ValueError where a value is not of a schema of the document, or has a field more."""
        if error := next(self._validator(schema).iter_errors(value), None):
            raise ValueError(f"{schema}: {error.json_path}: {error.message}")

    @functools.cache  # noqa: B019 - as many documents as APIs
    def _validator(self, schema: str) -> Draft7Validator:
        return Draft7Validator({"$ref": f"#/definitions/{schema}", "definitions": self._schemas})


def _methods(resource: dict[str, Any]) -> list[dict[str, Any]]:
    own = list(resource.get("methods", {}).values())
    return own + [method for child in resource.get("resources", {}).values() for method in _methods(child)]


def _part(method: dict[str, Any], name: str) -> str:
    pattern = method["parameters"][name].get("pattern", "[^/]+")
    return str(pattern).removeprefix("^").removesuffix("$")


def _draft7(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """A schema of a discovery document, which is of an old draft, with its own words for `required` and numbers."""
    if isinstance(schema, list):
        return [_draft7(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": f"#/definitions/{schema['$ref']}"}
    kept = {key: schema[key] for key in ("type", "enum", "pattern") if key in schema and schema[key] != "any"}
    if "properties" in schema:
        kept["properties"] = {name: _draft7(each) for name, each in schema["properties"].items()}
        kept["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if key in schema:
            kept[key] = _draft7(schema[key])
    return kept
