"""Into the state with what is there already and is ours: made by a run that was cut off before Terraform could note it.

Terraform notes an object when its provider has said that it is complete. Who ends Terraform before that, or cuts its
connection, leaves an object of which the state knows nothing, and the next apply is told that it "already exists".
"""

import re
from collections.abc import Mapping, Sequence

from runs.diagnostics import Diagnostic
from runs.import_ids import marks
from runs.look import AdoptionError, Found, look
from runs.patient_terraform import PatientTerraform, said

# How they say it: Google's 409 in several words, azurerm's own check, Azure's for role assignments and definitions, the
# API server's, Helm's. A bucket's name that somebody else has taken in the world reads otherwise.
_EXISTS = re.compile(
    r"already exists|alreadyExists|you already own it|Error 409: [^,]*\bexists\b|RoleAssignmentExists"
    r"|RoleDefinitionWithSameNameExists|cannot re-use a name that is still in use"
)


def conflicting(failures: Sequence[Diagnostic]) -> dict[str, Diagnostic]:
    """The errors that say that something exists, by the address of what could not be made."""
    return {error.address: error for error in failures if error.address and _EXISTS.search(error.words)}


def take_over(terraform: PatientTerraform, refused: Mapping[str, Diagnostic] | None, *, is_cut_off: bool) -> list[str]:
    """Imports what is there and is ours.

    Args:
        terraform: In the stack's folder.
        refused: What could not be made, by address; None for all that the stack would make, to be destroyed then.
        is_cut_off: Whether a run of ours is known to have been cut off on this stack: then what carries no marks of an
            owner is taken for ours too.

    Returns:
        The addresses that are in the state now.

    Raises:
        AdoptionError: Some of what was refused is not there, or not ours; or Terraform fails.
    """
    taken: list[str] = []
    while True:
        before = len(taken)
        for each in look(terraform, refused):
            if why := _why_not(each, is_cut_off=is_cut_off, is_to_go=refused is None):
                # Where it is only looked for what may be left over, somebody else's is no hindrance.
                if refused is None:
                    continue
                raise AdoptionError(why)
            import_(terraform, each)
            taken.append(each.address)
        if refused is None and len(taken) > before:
            # What was taken over may be what others are named after.
            continue
        if refused and (missing := refused.keys() - set(taken)):
            raise AdoptionError(f"what is there already is not found: {', '.join(sorted(missing))}")
        return taken


def _why_not(found: Found, *, is_cut_off: bool, is_to_go: bool) -> str:
    """Says why it is not taken over by itself; empty if it is."""
    if found.is_marked_as_ours is False:
        return (
            f"{found} is there already, with the labels {dict(marks(found.type, found.change['before']) or {})}: "
            "somebody else's\n  mend: remove it, or choose another name"
        )
    if found.is_marked_as_ours is None and not is_cut_off:
        return why_unfit(found) or (
            f"{found} is there already, and does not tell whose it is\n"
            "  mend: if it is this environment's, `modelyard adopt ENV` takes it over; else choose another name"
        )
    # Helm uninstalls also what it has not installed to the end.
    return "" if is_to_go and found.type == "helm_release" else why_unfit(found)


def why_unfit(found: Found) -> str:
    """Says why it cannot be taken over at all; empty if it can."""
    before = found.change["before"]
    if found.type == "helm_release" and before.get("status") not in (None, "deployed"):
        selector = f"owner=helm,name={before['name']}"
        return (
            f"the Helm release {found.id} is {before['status']}: the run that installed it was cut off\n"
            f"  mend: let Helm forget it, then run this again, which takes over what it has made: "
            f"kubectl delete secret -n {before['namespace']} -l {selector}"
        )
    if found.would_be_replaced:
        return (
            f"{found} is there already, but not as it is wanted: taken over, it would be replaced\n"
            "  mend: look at it, and delete it if nobody needs it"
        )
    return ""


def import_(terraform: PatientTerraform, found: Found) -> None:
    """Into the state with it.

    Raises:
        AdoptionError: Terraform fails.
    """
    ended = terraform.call("import", "-input=false", found.address, found.id)
    if not ended.is_good:
        raise AdoptionError(f"import of {found} failed: {said(ended, terraform.limits)}")
