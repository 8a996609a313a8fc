"""A runner with a checkout of this repo, where the clouds' programs and `modelyard` are stand-ins."""

import json
import re
import shutil
import sys
from pathlib import Path

from preview.comment_format import MARKER
from stacks.paths import ROOT
from tests.fake_github import REPOSITORY
from tests.workflows.steps import Action, Job, Runner, bare_path

TEXT = f"{MARKER}\n## 1 to change\n"
GOOGLE = {"GOOGLE_WORKLOAD_IDENTITY_PROVIDER": "projects/1/providers/github", "GOOGLE_SERVICE_ACCOUNT": "plan@x.iam"}
AZURE = {"AZURE_CLIENT_ID": "c", "AZURE_TENANT_ID": "t", "AZURE_SUBSCRIPTION_ID": "s"}
GKE = {"cloud": "gke", "environment": "gke-dev"}
# Each writes down what it was called with, and in which environment.
NOTED = 'echo "$(basename "$0") $*${MODELYARD_ENV:+ in $MODELYARD_ENV}" >> "$CALLS"\n'
SETUP = "./.github/actions/setup"
PREVIEW = f"""#!/bin/bash
{NOTED}
while [ $# -gt 1 ]; do if [ "$1" = --output ]; then output="$2"; fi; shift; done
[ -d "$REPORTS" ] && mkdir -p "$output" && cp "$REPORTS"/* "$output"
exit "$CODE"
"""
REAL = f"""#!/bin/bash
{NOTED}
PYTHONPATH="{ROOT}:{ROOT}/constructs" exec "{sys.executable}" -m commands "$@"
"""
PYTHON = f'#!/bin/bash\nPYTHONPATH="{ROOT}:{ROOT}/constructs" exec "{sys.executable}" "$@"\n'
# `gh api ADDRESS [--jq FILTER]`
GH = """#!/bin/bash
[ "$1" = api ] || exit 9
answer="$(mktemp)"
token="Authorization: Bearer $GH_TOKEN"
curl --silent --show-error --fail --location --header "$token" "$GITHUB_API_URL/$2" > "$answer" || exit 1
if [ "$3" = --jq ]; then jq --raw-output "$4" "$answer"; else cat "$answer"; fi
"""


class Machine:
    """A runner with a checkout, where `modelyard` previews as the test says."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        shutil.copytree(ROOT / "environments", self.checkout / "environments")
        self.temporary = folder / "temporary"
        self.reports = folder / "reports"
        self.calls = folder / "calls"
        for each in (self.temporary, self.reports, self.checkout / ".venv" / "bin"):
            each.mkdir(parents=True)
        noted = f"#!/bin/bash\n{NOTED}"
        self.programs = dict.fromkeys(("az", "cosign", "make", "npx", "terraform"), noted)
        self.programs["gh"] = GH
        self.install("python", PYTHON)
        self.install("modelyard", PREVIEW)
        self.code = 0
        self.variables: dict[str, str] = {}
        # Half of a job's time; the tests of what it does take it out.
        self.actions: dict[str, Action] = {SETUP: lambda _: {}}

    def install(self, name: str, script: str) -> None:
        program = self.checkout / ".venv" / "bin" / name
        program.write_text(script)
        program.chmod(0o755)

    def report(self, changes: list[str], comment: str = TEXT) -> None:
        (self.reports / "comment.md").write_text(comment)
        (self.reports / "report.md").write_text("the whole report\n")
        (self.reports / "report.json").write_text(json.dumps({"changes": changes}))

    def synthesised(self, *parts: str) -> None:
        """What main.py would write of gke-dev; the file itself does nothing."""
        (self.checkout / "cdktf.out").mkdir(exist_ok=True)
        stacks = {f"gke-dev-{part}": dict[str, str]() for part in parts}
        (self.checkout / "cdktf.out" / "manifest.json").write_text(json.dumps({"stacks": stacks}))
        (self.checkout / "main.py").write_text("")

    def own_state(self, environment: str, place: str) -> None:
        file = self.checkout / "environments" / f"{environment}.toml"
        file.write_text(re.sub(r'own_state = "\w+"', f'own_state = "{place}"', file.read_text()))

    def run(self, workflow: str, job: str, **contexts: object) -> Job | None:
        environment = {
            "PATH": bare_path(self.temporary / "bin", self.programs),
            "HOME": str(self.temporary),
            "CALLS": str(self.calls),
            "REPORTS": str(self.reports),
            "CODE": str(self.code),
            "GITHUB_REPOSITORY": REPOSITORY,
            **self.variables,
        }
        return Runner(self.checkout, self.temporary, environment, self.actions).run(workflow, job, **contexts)

    def called(self) -> list[str]:
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [line.replace(str(self.temporary), "TEMP") for line in lines]


def ran(job: Job | None) -> Job:
    assert job is not None
    return job


def pull_request(action: str = "opened", **changes: object) -> dict[str, object]:
    """The context `github` of an event of a pull request."""
    return {"event": {"action": action, "changes": changes, "pull_request": {"number": 7}}, "token": "never used"}


def workflow_run(conclusion: str = "success", event: str = "pull_request") -> dict[str, object]:
    """The context `github` of the end of another workflow's run."""
    run = {"id": 1, "event": event, "conclusion": conclusion, "head_branch": "change", "head_repository": {"id": 5}}
    return {"event": {"workflow_run": run, "repository": {"default_branch": "main"}}, "token": "token"}
