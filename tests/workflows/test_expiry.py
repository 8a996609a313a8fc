"""Jobs of expiry.yml, run as they stand: leases that have ended, or soon will."""

import json

import pytest

from stacks.paths import ROOT
from tests.fake_github import REPOSITORY, FakeGitHub
from tests.workflows.machine import GOOGLE, NOTED, REAL, Machine, ran
from tests.workflows.steps import Job

LEASES = f"""#!/bin/bash
[ "$1" = teardown ] || exec "$(dirname "$0")/real" "$@"
{NOTED}
"""


def leased(machine: Machine, end: str) -> None:
    """A checkout with the real command for leases, in which gke-dev has one until `end`."""
    machine.own_state("gke-dev", "remote")
    file = machine.checkout / "environments" / "gke-dev.toml"
    file.write_text(f"expires_at = {end}\n{file.read_text()}")
    for source in ("commands", "constructs", "leases", "stacks", "services", "preview", "terraform_cli"):
        (machine.checkout / source).symlink_to(ROOT / source)
    # Of this checkout, whose environments are those of the test.
    here = f"import stacks.paths as p, pathlib; p.ENVIRONMENTS = pathlib.Path('{machine.checkout}/environments')"
    program = machine.checkout / "run.py"
    program.write_text(f"{here}\nfrom commands.app import main\nmain()\n")
    machine.install("real", REAL.replace("-m commands", str(program)))
    machine.install("modelyard", LEASES)


PAST, TO_COME = "2026-01-01T00:00:00Z", "2126-01-01T00:00:00Z"


def teardown(machine: Machine, due: str) -> Job:
    (environment,) = json.loads(due)
    needs = {"look": {"outputs": {"due": due}}}
    return ran(machine.run("expiry", "teardown", matrix={"environment": environment}, vars=GOOGLE, needs=needs))


@pytest.mark.slow
def test_what_has_expired_is_said_and_torn_down(machine: Machine, fake: FakeGitHub) -> None:
    leased(machine, PAST)

    look = ran(machine.run("expiry", "look", github={"token": "token"}))

    assert look.succeeded, look.output
    assert [each["title"] for each in fake.issues] == ["The lease of gke-dev ends at 2026-01-01 00:00 UTC"]
    job = teardown(machine, look.outputs["due"])
    assert job.succeeded, job.output
    assert machine.called()[-1] == "modelyard teardown gke-dev --yes --keep-stores --volumes snapshot"


@pytest.mark.slow
def test_what_was_prolonged_while_the_teardown_waited_stays(machine: Machine) -> None:
    leased(machine, TO_COME)

    job = teardown(machine, '[{"name": "gke-dev", "cloud": "gke"}]')

    assert job.succeeded, job.output
    assert "::notice::main says by now that gke-dev stays" in job.output
    assert [line for line in machine.called() if "teardown" in line] == []


def test_where_nobody_has_a_lease_nothing_is_installed(machine: Machine, fake: FakeGitHub) -> None:
    fake.issues.append({"number": 1, "state": "open", "body": None})

    job = ran(machine.run("expiry", "look", github={"token": "token"}))

    assert job.succeeded, job.output
    assert [step.name for step in job.steps] == [
        "actions/checkout",
        "Look whether there is a lease, or an issue of one",
    ]
    assert job.outputs == {"due": ""}
    for due in ("", "[]"):
        assert machine.run("expiry", "teardown", needs={"look": {"outputs": {"due": due}}}) is None


@pytest.mark.slow
def test_the_issue_of_a_lease_that_was_ended_is_closed(machine: Machine, fake: FakeGitHub) -> None:
    leased(machine, TO_COME)
    file = machine.checkout / "environments" / "gke-dev.toml"
    file.write_text(file.read_text().partition("\n")[2])
    bot = {"login": "github-actions[bot]", "type": "Bot"}
    url = f"{fake.url}/repos/{REPOSITORY}/issues/1"
    body = "<!-- modelyard lease gke-dev -->\nsoon\n"
    fake.issues.append({"number": 1, "state": "open", "body": body, "user": bot, "url": url})

    job = ran(machine.run("expiry", "look", github={"token": "token"}))

    assert job.succeeded, job.output
    assert job.outputs == {"due": "[]"}
    assert fake.issues[0]["state"] == "closed"
