"""The settings as JSON schemas: what errors say is allowed, what editors complete, and the tables in the docs.

`python -m stacks.schema` writes `environments/<cloud>.schema.json`, and the tables of keys in `docs/environments.md`.
"""

import datetime
import functools
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import CoreSchema, NullableSchema, WithDefaultSchema

from stacks.clouds import CLOUDS, settings_model
from stacks.marked_part import with_part
from stacks.paths import ENVIRONMENTS, ROOT

DOCUMENT = ROOT / "docs" / "environments.md"
_BEGIN, _END = "<!-- keys of {cloud}: written by make schema -->", "<!-- end of keys -->"
Location = Sequence[int | str]


class _TomlSchema(GenerateJsonSchema):
    """TOML has no null: a key without value is left out."""

    # Taplo, behind the TOML extensions of editors, knows drafts up to this one.
    schema_dialect = "http://json-schema.org/draft-07/schema#"

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        left_out = schema.get("default") is None
        return self.generate_inner(schema["schema"]) if left_out else super().default_schema(schema)

    def field_title_should_be_set(self, schema: CoreSchema) -> bool:
        return False


class CloudSchema:
    """What a file of `environments/` may be when its key `cloud` has this value."""

    def __init__(self, cloud: str) -> None:
        self.cloud = cloud
        #: `allowed`, where it stands, puts in words what a key may be.
        self.root: Mapping[str, Any] = {
            "$schema": _TomlSchema.schema_dialect,
            **settings_model(cloud).model_json_schema(schema_generator=_TomlSchema),
        }

    @property
    def file(self) -> Path:
        """Where editors find it."""
        return ENVIRONMENTS / f"{self.cloud}.schema.json"

    @property
    def text(self) -> str:
        """What stands there."""
        return json.dumps(self.root, indent=2) + "\n"

    def at(self, location: Location) -> Mapping[str, Any]:
        """The part that describes a key, by its path; the number of a list's entry is a step too."""
        part = self.root
        for step in location:
            if isinstance(step, int):
                part = part.get("items", {})
            else:
                # Services are a table of tables: those with keys of their own are named, all others are alike.
                of_any_name = part.get("additionalProperties") or {}
                part = self._resolved(part.get("properties", {}).get(step, of_any_name))
        return part

    def _resolved(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in part:
            return part
        definition: Mapping[str, Any] = self.root["$defs"][part["$ref"].rsplit("/", 1)[1]]
        return {**definition, **part}

    def assignment(self, location: Location) -> str:
        """How a key is written, with an example that is allowed."""
        schema, dotted = self.at(location), key_name(location)
        if schema.get("type") == "object":
            keys = schema.get("properties") or schema["propertyNames"]["examples"]
            return f"the table [{dotted}] with the key {next(iter(keys))}"
        example = schema["examples"][0]
        value = example if schema.get("format") in ("date", "date-time") else as_toml(example)
        return f"{location[-1]} = {value}"

    def table(self) -> str:
        """All keys, in Markdown."""
        return "\n".join(["| key | allowed | default | what it is |", "|---|---|---|---|", *self._rows()])

    def _rows(self, table: tuple[str, ...] = (), *, above: Collection[str] = ()) -> Iterator[str]:
        schema = self.at(table)
        tables = []
        shared: Collection[str] = ()
        if "propertyNames" in schema:
            # What the table's entries share stands above what single ones have besides.
            shared = self.at((*table, "<name>"))["properties"]
            yield from self._rows((*table, "<name>"))
        for key in schema.get("properties", {}):
            if key in above:
                continue
            place = (*table, key)
            part = self.at(place)
            if part.get("type") == "object":
                tables.append(place)
                continue
            default = f"`{as_toml(part['default'])}`" if "default" in part else ""
            if key in schema.get("required", []):
                default = "required"
            yield f"| `{key_name(place)}` | {allowed(part)} | {default} | {part['description']} |"
        for place in tables:
            yield from self._rows(place, above=shared)


@functools.cache
def schema_of(cloud: str) -> CloudSchema:
    """The schema of a cloud's environments."""
    return CloudSchema(cloud)


def allowed(schema: Mapping[str, Any]) -> str:
    """What a key may be, in words."""
    match schema:
        case {"allowed": words}:
            pass
        case {"enum": choices}:
            words = f"one of {', '.join(map(as_toml, choices))}"
        case {"const": only}:
            words = as_toml(only)
        case {"type": "integer", "minimum": least, "maximum": most}:
            words = f"a whole number from {least} to {most}"
        case {"format": "date"}:
            words = "a date, year-month-day, without quotes"
        case {"type": "boolean"}:
            words = "true or false"
        case {"type": "object"}:
            words = "a table"
        case {"type": "string", "minLength": 1}:
            words = "a text that is not empty"
        case _:
            raise TypeError(f"add words for {schema}, or `allowed` to its field")
    return str(words)


def key_name(location: Location) -> str:
    """A key as a person knows it: `cluster.zones[0]`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return "".join(steps).removeprefix(".")


def as_toml(value: object) -> str:
    """A value as it stands in a TOML file."""
    match value:
        case str() | bool():
            return json.dumps(value, ensure_ascii=False)
        case Mapping():
            return f"{{ {', '.join(f'{key} = {as_toml(each)}' for key, each in value.items())} }}"
        case list() | tuple():
            return f"[{', '.join(map(as_toml, value))}]"
        case datetime.datetime() | datetime.time():
            return value.isoformat().replace("+00:00", "Z")
    return str(value)


def document(text: str) -> str:
    """The text of docs/environments.md with the tables of keys as they are now."""
    for cloud in CLOUDS:
        text = with_part(text, begin=_BEGIN.format(cloud=cloud), end=_END, part=schema_of(cloud).table())
    return text


def main() -> None:
    """Writes the schemas and the tables."""
    for cloud in CLOUDS:
        schema_of(cloud).file.write_text(schema_of(cloud).text)
    DOCUMENT.write_text(document(DOCUMENT.read_text()))


if __name__ == "__main__":
    main()
