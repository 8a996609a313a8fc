"""What a stack would make and is there already: found by planning with import blocks, which changes nothing."""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from runs.diagnostics import Diagnostic, errors
from runs.import_ids import GUIDS, import_id, marks
from runs.patient_terraform import PatientTerraform, said

#: The file that holds the import blocks while Terraform plans; one that a killed run has left must go.
IMPORTS = "adopt.tf.json"
_PLAN = "adopt.tfplan"
# azurerm tells the id of what is there; Azure the GUID of a role assignment, without dashes.
_TOLD_ID = re.compile(r'A resource with the ID "([^"]+)" already exists')
_TOLD_GUID = re.compile(r"(?:existing role assignment is|RoleDefinitionId:?) ([0-9a-fA-F-]{32,36})")
# How Terraform says that an object to import is not there.
_ABSENT = re.compile(r'existing object to "([^"]+)"')

_NOT_FOUND = re.compile(r"\b404\b|not found|cannot find|does not exist", re.IGNORECASE)
_NO_IMPORTS: Mapping[str, str] = MappingProxyType({})

Change = dict[str, Any]


class AdoptionError(Exception):
    """Why something that is there already is not taken over."""


@dataclass(frozen=True)
class Found:
    """Something that is there, and that the stack would make.

    Attributes:
        address: The stack's resource.
        type: Its type.
        id: Under which it is imported.
        change: What Terraform would make of it: its values `before` and `after`.
    """

    address: str
    type: str
    id: str
    change: Change

    @property
    def is_marked_as_ours(self) -> bool | None:
        """Whether it carries the labels or tags that the stack gives; None for a type that has none."""
        wanted = marks(self.type, self.change["after"])
        present = marks(self.type, self.change["before"])
        if not wanted or present is None:
            return None
        return wanted.items() <= present.items()

    @property
    def would_be_replaced(self) -> bool:
        """Whether taking it over would be followed by its end."""
        return "delete" in self.change["actions"]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


def look(terraform: PatientTerraform, refused: Mapping[str, Diagnostic] | None) -> list[Found]:
    """What the stack would make and is there already.

    Args:
        terraform: In the stack's folder.
        refused: What could not be made, by address; None for all that the stack would make.

    Raises:
        AdoptionError: Terraform cannot plan.
    """
    wanted = {
        change["address"]: id_
        for change in planned(terraform)
        if change["change"]["actions"] == ["create"]
        and (refused is None or change["address"] in refused)
        and (id_ := _id(terraform, change, refused or {}))
    }
    return _present(terraform, wanted)


def _present(terraform: PatientTerraform, wanted: Mapping[str, str]) -> list[Found]:
    """Those of the wanted ids (by address) that are there."""
    if not wanted:
        return []
    try:
        changes = {change["address"]: change for change in planned(terraform, wanted)}
    except _AbsentError as error:
        return _present(terraform, {at: id_ for at, id_ in wanted.items() if at not in error.addresses})
    except AdoptionError as error:
        # Some importers ask the cloud themselves, and say in words of their own, without an address, that it has none.
        if not _NOT_FOUND.search(" ".join(str(error).split())):
            raise
        if len(wanted) == 1:
            return []
        pairs, half = list(wanted.items()), len(wanted) // 2
        return [*_present(terraform, dict(pairs[:half])), *_present(terraform, dict(pairs[half:]))]
    # Terraform imports nothing to an address that the state has, also if what was there has gone.
    found = {at: id_ for at, id_ in wanted.items() if "importing" in changes[at]["change"]}
    return [Found(at, changes[at]["type"], id_, changes[at]["change"]) for at, id_ in found.items()]


class _AbsentError(Exception):
    def __init__(self, addresses: set[str]) -> None:
        super().__init__(f"not there: {', '.join(sorted(addresses))}")
        self.addresses = addresses


def planned(terraform: PatientTerraform, imports: Mapping[str, str] = _NO_IMPORTS) -> list[Change]:
    """What the stack would change, with these imports (ids by address) before.

    Raises:
        AdoptionError: Terraform cannot plan; _AbsentError if some imports are of nothing.
    """
    folder = terraform.stack.folder
    blocks = folder / IMPORTS
    try:
        blocks.write_text(json.dumps({"import": [{"to": to, "id": id_} for to, id_ in imports.items()]}))
        ended = terraform.call("plan", "-input=false", "-lock=false", f"-out={_PLAN}")
        if not ended.is_good:
            words = " ".join(error.words for error in errors(ended.printed))
            if absent := imports.keys() & _ABSENT.findall(words):
                raise _AbsentError(set(absent))
            raise AdoptionError(f"what is there already could not be looked for: {said(ended, terraform.limits)}")
        shown = terraform.good("show", "-json", _PLAN, is_captured=True).output
        return list(json.loads(shown).get("resource_changes", []))
    finally:
        blocks.unlink(missing_ok=True)
        (folder / _PLAN).unlink(missing_ok=True)


def _id(terraform: PatientTerraform, change: Change, refused: Mapping[str, Diagnostic]) -> str | None:
    """Under which it is imported: as the cloud has told, else as its planned values give it."""
    type_, planned = change["type"], change["change"]["after"]
    words = refused[change["address"]].words if change["address"] in refused else ""
    if told := _TOLD_ID.search(words):
        return told[1]
    if type_ in GUIDS and (guid := _TOLD_GUID.search(words)):
        return GUIDS[type_].format(**planned, guid=uuid.UUID(guid[1]))
    providers = terraform.stack.configuration.get("provider", {})
    (provider, *_) = providers.get(type_.partition("_")[0]) or [{}]
    return import_id(type_, planned, provider)
