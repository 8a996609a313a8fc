"""Made from the models of the settings: a file with every key, and for each key what must not stand there."""

import copy
import datetime
import functools
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from modelyard.exposure import Exposure

from pydantic import AfterValidator, BaseModel, PlainValidator
from pydantic.fields import FieldInfo
from typing_extensions import is_typeddict

from stacks.clouds import CLOUDS, settings_model
from stacks.settings import ServiceSettings

Path = tuple[str, ...]
Document = dict[str, Any]
#: Stands for every service without keys of its own.
SERVICE = "any-service"
ABSENT = object()
_DAY = datetime.date(2026, 11, 20)


@dataclass(frozen=True)
class Key:
    """A key of a cloud's files.

    Attributes:
        cloud: The cloud.
        path: The tables it is in, and itself.
        kind: Its type without None and annotations; a model is a table.
        metadata: Limits and rules.
        field: The model's.
    """

    cloud: str
    path: Path
    kind: Any
    metadata: tuple[Any, ...]
    field: FieldInfo

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def id(self) -> str:
        return f"{self.cloud}: {self.name}"

    @property
    def is_table(self) -> bool:
        return is_typeddict(self.kind) or (isinstance(self.kind, type) and issubclass(self.kind, BaseModel))

    @property
    def is_service(self) -> bool:
        """Whether it is the table of a service."""
        return self.path[:-1] == ("services",)

    @property
    def in_docs(self) -> str:
        """The name that the table of keys has for it: what all services have stands there once."""
        if len(self.path) == 3 and self.path[0] == "services" and self.path[-1] in ServiceSettings.model_fields:
            return f"services.<name>.{self.path[-1]}"
        return self.name

    @property
    def example(self) -> Any:  # noqa: ANN401 - as the key's type
        (example,) = self.field.examples or []
        return example

    def limit(self, name: str) -> Any:  # noqa: ANN401 - a number or a pattern
        return next((getattr(each, name) for each in self.metadata if hasattr(each, name)), None)


def _plain(annotation: object) -> tuple[Any, tuple[Any, ...]]:
    """A type without None and Annotated, and what was annotated."""
    if get_origin(annotation) is Annotated:
        kind, *metadata = get_args(annotation)
        inner, more = _plain(kind)
        fields = [each for each in metadata if isinstance(each, FieldInfo)]
        return inner, (*more, *metadata, *(limit for field in fields for limit in field.metadata))
    if get_origin(annotation) in (types.UnionType, typing.Union):
        (only,) = (each for each in get_args(annotation) if each is not type(None))
        return _plain(only)
    return annotation, ()


def keys(cloud: str, model: type[BaseModel] | None = None, table: Path = ()) -> Iterator[Key]:
    """Every key of a cloud's files, tables before what is in them; `name` is the file's."""
    for name, field in (model or settings_model(cloud)).model_fields.items():
        if model is None and name == "name":
            continue
        kind, metadata = _plain(field.annotation)
        key = Key(cloud, (*table, name), kind, (*metadata, *field.metadata), field)
        yield key
        if is_typeddict(kind):
            for service, of_service in {SERVICE: kind.__extra_items__, **kind.__annotations__}.items():
                entry = Key(cloud, (*key.path, service), of_service, (), field)
                yield entry
                yield from keys(cloud, entry.kind, entry.path)
        elif key.is_table:
            yield from keys(cloud, kind, key.path)


def all_keys() -> list[Key]:
    """Those of all clouds; what stands in the tables of services and add-ons, the same models in each, once."""
    shared = ("services", "add_ons")
    found = [key for cloud in CLOUDS for key in keys(cloud)]
    return [key for key in found if key.cloud == "gke" or key.path[0] not in shared or len(key.path) == 1]


def at(document: Document, path: Path) -> Document:
    """The table at a path."""
    for step in path:
        document = document[step]
    return document


def changed(document: Document, *changes: tuple[Path, Any]) -> Document:
    """The document with values at paths; ABSENT removes the key."""
    copied = copy.deepcopy(document)
    for path, value in changes:
        table = at(copied, path[:-1])
        if value is ABSENT:
            del table[path[-1]]
        else:
            table[path[-1]] = value
    return copied


@functools.cache
def complete(cloud: str) -> Document:
    """Every key with the example that errors show."""
    document: Document = {}
    for key in keys(cloud):
        value = {} if key.is_table else key.example
        at(document, key.path[:-1])[key.path[-1]] = copy.deepcopy(value)
    return document


@dataclass(frozen=True)
class Wrong:
    """A value that must not stand at a key.

    Attributes:
        key: The key.
        value: Its value.
        why: What is wrong with it.
        in_editor: Whether JSON schema can see it.
    """

    key: Key
    value: Any
    why: str
    in_editor: bool = True

    def __str__(self) -> str:
        return f"{self.key.id}={self.value!r}: {self.why}"


def _values(key: Key) -> Iterator[tuple[Any, str]]:
    if key.is_table:
        yield from [(5, "type"), ("text", "type"), ([{}], "type")]
    elif key.kind is bool:
        yield from [("yes", "type"), (1, "type")]
    elif key.kind is int:
        yield from [("6", "type"), (1.5, "type"), (True, "type")]
        yield from [(key.limit("ge") - 1, "range"), (key.limit("le") + 1, "range")]
    elif key.kind is str:
        yield from [(5, "type"), (True, "type"), (["text"], "type"), *_texts(key)]
    elif get_origin(key.kind) is Literal:
        yield from [("neither", "choice"), (get_args(key.kind)[0].swapcase(), "choice"), (5, "type"), (True, "type")]
    elif key.kind is datetime.date:
        yield from [
            ("soon", "type"),
            (5, "type"),
            (datetime.time(3), "type"),
            (datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC), "type"),
        ]
    elif key.kind is datetime.datetime:
        yield from [(5, "type"), (True, "type")]
    elif key.kind is Exposure:
        yield from [(5, "type"), ("everybody", "choice"), ([1], "type"), ([], "empty"), ({}, "type")]
    elif get_origin(key.kind) is tuple:
        _, of_entry = _plain(get_args(key.kind)[0])
        has_pattern = any(getattr(each, "pattern", None) for each in of_entry)
        yield from [("text", "type"), ([5], "type"), ({}, "type")]
        yield (["?"], "pattern") if has_pattern else ([""], "length")
    else:
        raise AssertionError(f"say in {__file__} what is wrong for {key.kind}")


def _texts(key: Key) -> Iterator[tuple[str, str]]:
    if pattern := key.limit("pattern"):
        near = [f"{key.example} ", f" {key.example}", key.example.replace("-", "_"), "", "?", "٣"]
        yield from [(text, "pattern") for text in near if not re.fullmatch(pattern, text)]
    elif key.limit("min_length"):
        yield "", "length"


def wrong_values() -> list[Wrong]:
    """For each key: wrong types, both ends of its range, and what its form, choices or length do not allow."""
    wrong = [Wrong(key, value, why) for key in all_keys() for value, why in _values(key)]
    # JSON has no dates, and no difference between 1 and 1.0.
    dated = [key for key in all_keys() if key.kind in (datetime.date, datetime.datetime)]
    dates = [Wrong(key, str(key.example), "a text", in_editor=False) for key in dated]
    moments = [key for key in dated if key.kind is datetime.datetime]
    days = [Wrong(key, value, "no moment", in_editor=False) for key in moments for value in (_DAY, datetime.time(3))]
    texts = [key for key in all_keys() if key.kind is str and not key.limit("pattern")]
    texts_as_dates = [Wrong(key, _DAY, "a date", in_editor=False) for key in texts]
    # Python's $ matches before a last line break, too; editors' does not.
    forms = [key for key in all_keys() if key.limit("pattern")]
    line_breaks = [Wrong(key, f"{key.example}\n", "a line break", in_editor=False) for key in forms]
    floats = [Wrong(key, float(key.example), "a float", in_editor=False) for key in all_keys() if key.kind is int]
    return [*wrong, *dates, *days, *texts_as_dates, *line_breaks, *floats]


def rules() -> set[tuple[str, str]]:
    """Every rule that is code, but for those of services: the model or key that has it, and its function's name."""
    found_keys = [key for key in all_keys() if key.path[0] != "services" or SERVICE in key.path]
    models = {*map(settings_model, CLOUDS)} | {
        key.kind for key in found_keys if key.is_table and not is_typeddict(key.kind)
    }
    found = set[tuple[str, str]]()
    for model in models:
        decorators = model.__pydantic_decorators__
        both = decorators.model_validators.keys() | decorators.field_validators.keys()
        assert not decorators.validators | decorators.root_validators, "of pydantic 1"
        found |= {(model.__name__, name) for name in both}
    validators = (AfterValidator, PlainValidator)
    for key in found_keys:
        checks = [each for each in key.metadata if type(each).__name__.endswith("Validator")]
        assert all(isinstance(each, validators) for each in checks)
        found |= {(key.id, each.func.__name__) for each in checks}
    return found
