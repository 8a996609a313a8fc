"""The manifests that Argo runs: what workflow.py has written, with what the environment says."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stacks.add_ons.argo_workflows.repository import StoreKind, stored

from .steps import NAME


def workflow_template(*, image: str, store: StoreKind, pod_labels: Mapping[str, str]) -> dict[str, Any]:
    """The WorkflowTemplate.

    Args:
        image: Of the program.
        store: The kind of the artifact repository.
        pod_labels: What the pods need in order to be let into it.
    """
    manifest: dict[str, Any] = json.loads(Path(__file__).with_name("workflow.json").read_text())
    for step in (each for each in manifest["spec"]["templates"] if "container" in each):
        step["container"]["image"] = image
        for artifact in (*step["inputs"]["artifacts"], *step["outputs"]["artifacts"]):
            if "s3" in artifact:
                artifact.update(stored(store, artifact.pop("s3")["key"]))
    if pod_labels:
        manifest["spec"]["podMetadata"] = {"labels": dict(pod_labels)}
    return manifest


def cron_workflow(*, schedule: str) -> dict[str, Any]:
    """Runs the template by the clock, in UTC.

    Args:
        schedule: In cron's five fields.
    """
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "CronWorkflow",
        "metadata": {"name": NAME},
        "spec": {
            "schedules": [schedule],
            "timezone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            # A controller that was down for an hour still starts what it has missed.
            "startingDeadlineSeconds": 3600,
            "workflowSpec": {"workflowTemplateRef": {"name": NAME}},
        },
    }
