"""The steps as the workflow declares them, to be run without it."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.sales_pipeline.template import workflow_template


@dataclass(frozen=True)
class Step:
    """One template of the workflow.

    Attributes:
        arguments: Of the program.
        inputs: Each artifact's path in the pod, by its name.
        outputs: Likewise.
    """

    arguments: list[str]
    inputs: dict[str, str]
    outputs: dict[str, str]

    def alone(self, store: Path, folder: Path) -> list[str]:
        """Puts this step's inputs, and no other file, into a folder; the program's arguments for it."""
        for name, path in self.inputs.items():
            there = folder / path.removeprefix("/")
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(store / name, there)
        (folder / "outputs").mkdir(parents=True, exist_ok=True)
        return [each.replace("=/", f"={folder}/") for each in self.arguments]

    def keep(self, store: Path, folder: Path) -> None:
        """Copies this step's outputs into the store."""
        for name, path in self.outputs.items():
            shutil.copy(folder / path.removeprefix("/"), store / name)


def deployed_steps() -> dict[str, Step]:
    """The templates that run the program, by their names."""
    templates: list[dict[str, Any]] = workflow_template(image="image", store="s3", pod_labels={})["spec"]["templates"]
    return {each["name"]: _step(each) for each in templates if "container" in each}


def _step(template: dict[str, Any]) -> Step:
    inputs, outputs = (
        {each["name"]: each["path"] for each in template[kind]["artifacts"]} for kind in ("inputs", "outputs")
    )
    return Step(arguments=template["container"]["args"], inputs=inputs, outputs=outputs)
