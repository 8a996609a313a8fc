"""Writes plans/ from rehearsals: `python -m tests.policies.record STACK=FOLDER …`.

In each folder are plan.json, as `terraform show -json` prints it, and its cdk.tf.json. What the checks do not
read is left out. Some are first plans, in which values are known after apply only.
"""

import json
import sys
from pathlib import Path
from typing import Any

PLANS = Path(__file__).with_name("plans")


def trimmed(plan: dict[str, Any], configuration: dict[str, Any]) -> dict[str, Any]:
    """The parts of a plan and its configuration that StackPlan is about."""
    planned = [
        {key: each[key] for key in ("address", "mode", "type", "name", "values")}
        for each in plan["planned_values"]["root_module"]["resources"]
    ]
    declared = [
        {key: each[key] for key in ("address", "mode", "type", "name", "expressions")}
        for each in plan["configuration"]["root_module"]["resources"]
        if each["type"] == "helm_release"
    ]
    kept = {
        type_name: {name: {"lifecycle": block["lifecycle"]} for name, block in blocks.items() if "lifecycle" in block}
        for type_name, blocks in configuration["resource"].items()
    }
    return {
        "plan": {
            "format_version": plan["format_version"],
            "terraform_version": plan["terraform_version"],
            "planned_values": {"root_module": {"resources": planned}},
            "configuration": {"root_module": {"resources": declared}},
        },
        "configuration": {"resource": {type_name: blocks for type_name, blocks in kept.items() if blocks}},
    }


def main(arguments: list[str]) -> None:
    """Records each stack."""
    for argument in arguments:
        stack, _, folder = argument.partition("=")
        plan, configuration = (json.loads(Path(folder, name).read_text()) for name in ("plan.json", "cdk.tf.json"))
        (PLANS / f"{stack}.json").write_text(json.dumps(trimmed(plan, configuration), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
