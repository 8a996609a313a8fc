"""What editors and readers are told of the settings is what the model says."""

import json
import tomllib
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker  # type: ignore[import-untyped]  # its types are a package more

from stacks.environments import ENVIRONMENTS, environment_file, environment_names
from stacks.schema import DOCUMENT, SCHEMA, document, schema_text
from tests.settings_cases import ABSENT, Document, Key, Wrong, changed, complete, keys, wrong_values

COMPLETE = complete()
WRITTEN: dict[str, Any] = json.loads(SCHEMA.read_text())
REQUIRED = [key for key in keys() if key.field.is_required()]


def accepts(values: Document) -> bool:
    """Whether an editor finds nothing; it takes TOML's dates for texts."""
    as_json = json.loads(json.dumps(values, default=lambda date: date.isoformat()))
    return bool(Draft7Validator(WRITTEN, format_checker=FormatChecker()).is_valid(as_json))


def test_the_schema_is_as_make_schema_writes_it() -> None:
    Draft7Validator.check_schema(WRITTEN)
    assert SCHEMA.read_text() == schema_text(), "make schema"


def test_the_table_of_keys_is_as_make_schema_writes_it() -> None:
    text = DOCUMENT.read_text()

    assert text == document(text), "make schema"
    for key in keys():
        assert key.is_table or f"| `{key.name.replace('image-classifier', '<name>')}` |" in text


@pytest.mark.parametrize("name", environment_names())
def test_editors_find_the_schema_and_accept_every_committed_file(name: str) -> None:
    text = environment_file(name).read_text()

    first = text.splitlines()[0]
    assert (ENVIRONMENTS / first.removeprefix("#:schema ")).resolve() == SCHEMA
    assert accepts(tomllib.loads(text))


def test_editors_accept_every_key() -> None:
    assert accepts(COMPLETE)


@pytest.mark.parametrize("wrong", [each for each in wrong_values() if each.in_editor], ids=str)
def test_editors_refuse_a_wrong_value(wrong: Wrong) -> None:
    assert not accepts(changed(COMPLETE, (wrong.key.path, wrong.value)))


@pytest.mark.parametrize("key", [key for key in keys() if key.path[:-1] != ("services",)], ids=lambda key: key.name)
def test_editors_refuse_a_misspelt_key(key: Key) -> None:
    assert not accepts(changed(COMPLETE, ((*key.path[:-1], f"{key.path[-1]}s"), 5)))


@pytest.mark.parametrize("key", REQUIRED, ids=lambda key: key.name)
def test_editors_refuse_a_missing_key(key: Key) -> None:
    assert not accepts(changed(COMPLETE, (key.path, ABSENT)))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("services", "Image_Classifier"), {}),
        (("name",), "prod"),
        (("cluster", "zones"), ["us-central1-a", "us-central1-a"]),
        (("cluster", "control_plane_ranges"), "internal"),
    ],
)
def test_editors_refuse_what_only_a_rule_refuses_where_they_can(path: tuple[str, ...], value: object) -> None:
    assert not accepts(changed(COMPLETE, (path, value)))
