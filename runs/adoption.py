"""stub."""

from collections.abc import Mapping, Sequence

from runs.diagnostics import Diagnostic
from runs.patient_terraform import PatientTerraform


class AdoptionError(Exception):
    """Why."""


def conflicting(errors: Sequence[Diagnostic]) -> dict[str, Diagnostic]:
    """Which say that something exists."""
    return {}


def take_over(terraform: PatientTerraform, wanted: Mapping[str, Diagnostic] | None, *, is_cut_off: bool) -> list[str]:
    """Takes over."""
    return []
