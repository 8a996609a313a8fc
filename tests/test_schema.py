"""What editors and readers are told of the settings is what the model says."""

import json
import tomllib
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker  # type: ignore[import-untyped]  # its types are a package more

from stacks.clouds import CLOUDS
from stacks.environments import environment_file, environment_names
from stacks.paths import ENVIRONMENTS
from stacks.schema import DOCUMENT, document, schema_of
from tests.settings_cases import ABSENT, Document, Key, Wrong, all_keys, changed, complete, wrong_values

WRITTEN: dict[str, Any] = {cloud: json.loads(schema_of(cloud).file.read_text()) for cloud in CLOUDS}
REQUIRED = [key for key in all_keys() if key.field.is_required()]


def accepts(cloud: str, values: Document) -> bool:
    """Whether an editor finds nothing; it takes TOML's dates for texts."""
    as_json = json.loads(json.dumps(values, default=lambda date: date.isoformat()))
    return bool(Draft7Validator(WRITTEN[cloud], format_checker=FormatChecker()).is_valid(as_json))


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_schema_is_as_make_schema_writes_it(cloud: str) -> None:
    Draft7Validator.check_schema(WRITTEN[cloud])
    assert schema_of(cloud).file.read_text() == schema_of(cloud).text, "make schema"


def test_the_tables_of_keys_are_as_make_schema_writes_it() -> None:
    text = DOCUMENT.read_text()

    assert text == document(text), "make schema"
    for key in all_keys():
        assert key.is_table or f"| `{key.in_docs}` |" in text


@pytest.mark.parametrize("name", environment_names())
def test_editors_find_the_schema_and_accept_every_committed_file(name: str) -> None:
    text = environment_file(name).read_text()

    first = text.splitlines()[0]
    values = tomllib.loads(text)
    assert (ENVIRONMENTS / first.removeprefix("#:schema ")).resolve() == schema_of(values["cloud"]).file
    assert accepts(values["cloud"], values)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_editors_accept_every_key(cloud: str) -> None:
    assert accepts(cloud, complete(cloud))


@pytest.mark.parametrize("wrong", [each for each in wrong_values() if each.in_editor], ids=str)
def test_editors_refuse_a_wrong_value(wrong: Wrong) -> None:
    assert not accepts(wrong.key.cloud, changed(complete(wrong.key.cloud), (wrong.key.path, wrong.value)))


@pytest.mark.parametrize("key", [key for key in all_keys() if not key.is_service], ids=lambda key: key.id)
def test_editors_refuse_a_misspelt_key(key: Key) -> None:
    assert not accepts(key.cloud, changed(complete(key.cloud), ((*key.path[:-1], f"{key.path[-1]}s"), 5)))


@pytest.mark.parametrize("key", REQUIRED, ids=lambda key: key.id)
def test_editors_refuse_a_missing_key(key: Key) -> None:
    assert not accepts(key.cloud, changed(complete(key.cloud), (key.path, ABSENT)))


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
    assert not accepts("gke", changed(complete("gke"), (path, value)))
