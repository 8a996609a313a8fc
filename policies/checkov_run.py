"""Checkov over plans, in a process of its own: `python -m policies.checkov_run PLAN.json …` prints what it found.

Its command line imports a runner for each of its forty formats, which takes twice as long as the one for plans needs.
The findings are the same (tests/policies/test_verdict.py).
"""

import json
import logging
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelyard.errors import ConfigurationError

from policies.findings import Finding
from policies.plan import StackPlan, resources_of
from stacks.paths import ROOT

# What checkov logs when a check of its own breaks; it goes on as if that check had not been asked for.
_BROKEN_CHECK = re.compile(r"Failed to run check (?P<check>\S+) on /?(?P<stack>[^:]+)\.json:(?P<resource>\S+)")

# It reads plans as YAML, which has no such signs, and no pair of escapes for an emoji.
_NOT_YAML = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# It has no check for them, and what they hold would take it most of its time.
_UNSEEN = "helm_release"
# About nodes older than Kubernetes 1.24, which GKE has not any more; it fails for a version that is known after apply.
_OBSOLETE = ["CKV_GCP_22"]
# Without the first, a plan fails for whatever is known after apply only, as if it were not given. The second is for
# whoever wants less in logs, and still has to hear of broken checks.
_VARIABLES = {"EVAL_TF_PLAN_AFTER_UNKNOWN": "true", "LOG_LEVEL": "ERROR"}


def checkov_findings(plans: Mapping[str, Mapping[str, Any]]) -> tuple[list[Finding], dict[str, int]]:
    """The failed checks of plans by their stacks' ids, and how many each stack passed.

    Raises:
        ConfigurationError: Checkov itself broke, or passed over a resource.
    """
    if not plans:
        return [], {}
    with tempfile.TemporaryDirectory(prefix="modelyard-policies-") as folder:
        files = [Path(folder, f"{id_}.json") for id_ in sorted(plans)]
        for file in files:
            text = json.dumps(_read_of(plans[file.stem]), ensure_ascii=False)
            file.write_text(_NOT_YAML.sub("?", text), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", __name__, *map(str, files)],
            cwd=ROOT,
            env={**os.environ, **_VARIABLES},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        # The kind of error only: what it says besides might quote the plan.
        kind = done.stderr.strip().rpartition("\n")[2].partition(":")[0]
        raise ConfigurationError(f"checkov broke with {kind}", mend="run `checkov --file` by hand on one plan")
    # Whatever it prints besides, the findings are the last line.
    report = json.loads(done.stdout.splitlines()[-1])
    _check_all_is_read(plans, set(report["read"]))
    return [Finding(**each) for each in report["failed"]], report["passed"]


def _read_of(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What checkov reads of a plan: the former state, and values twice, would only take it time."""
    root = plan.get("planned_values", {}).get("root_module", {})
    resources = [each for each in root.get("resources", []) if each["type"] != _UNSEEN]
    kept = ("actions", "after_unknown")
    changes = [
        {
            "address": each["address"],
            "change": {"before": None, "after": None, **{key: each["change"].get(key) for key in kept}},
        }
        for each in plan.get("resource_changes", [])
    ]
    return {
        "terraform_version": plan.get("terraform_version"),
        "planned_values": {"root_module": {**root, "resources": resources}},
        "resource_changes": changes,
        "configuration": plan.get("configuration", {}),
    }


def _check_all_is_read(plans: Mapping[str, Mapping[str, Any]], read: set[str]) -> None:
    """Refuses a run that passed over something: of a plan that it cannot read checkov says nothing."""
    planned = {
        f"{id_}.json:{each.address}"
        for id_, plan in plans.items()
        for each in resources_of(StackPlan(plan))
        if each.type != _UNSEEN
    }
    if left := sorted(planned - read):
        raise ConfigurationError(
            f"checkov passed over {len(left)} resources, the first is {left[0]}",
            mend="give it what `terraform show -json PLANFILE` prints",
        )


class _BrokenChecks(logging.Handler):
    """Collects what checkov only logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.findings: list[dict[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Takes a line of the log."""
        if match := _BROKEN_CHECK.search(record.getMessage()):
            self.findings.append({"name": "checkov's check broke", **match.groupdict()})


def main(files: list[str]) -> None:
    """Checks the files, prints findings and the numbers of passed checks as a line of JSON."""
    from checkov.runner_filter import RunnerFilter  # noqa: PLC0415 - takes two seconds, in this process only
    from checkov.terraform.plan_runner import Runner  # noqa: PLC0415 - the same

    broken = _BrokenChecks()
    logging.getLogger().addHandler(broken)
    wanted = RunnerFilter(framework=["terraform_plan"], skip_checks=_OBSOLETE)
    found = Runner().run(root_folder=None, files=files, runner_filter=wanted)
    # One, or several where modules are read from their sources, which plans are not.
    reports = found if isinstance(found, list) else [found]
    failed = [
        {
            "check": each.check_id,
            "name": each.check_name,
            "stack": Path(each.file_path).stem,
            "resource": each.resource,
        }
        for report in reports
        for each in report.failed_checks
    ]
    passed = Counter(Path(each.file_path).stem for report in reports for each in report.passed_checks)
    folder = f"{Path(files[0]).resolve().parent}/"
    read = [each.removeprefix(folder) for report in reports for each in report.resources]
    print(json.dumps({"failed": failed + broken.findings, "passed": passed, "read": read}))  # noqa: T201 - what the caller reads


if __name__ == "__main__":
    main(sys.argv[1:])
