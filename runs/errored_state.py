"""`errored.tfstate`: what Terraform leaves in a stack's folder when it cannot save the state."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def why_unfit(file: Path, stored: Mapping[str, Any]) -> str:
    """Says why it must not replace the state in the store; empty if it continues that one.

    Args:
        file: The `errored.tfstate`.
        stored: The state in the store; empty where there is none.
    """
    try:
        left = json.loads(file.read_text())
        lineage, serial = left["lineage"], left["serial"]
    except (ValueError, KeyError):
        return "it is torn"
    if not stored:
        return ""
    if lineage != stored["lineage"]:
        return "its lineage is another than the store's"
    if serial <= stored["serial"]:
        return f"the store has serial {stored['serial']} already, it has {serial}"
    return ""
