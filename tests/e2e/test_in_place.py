"""What leases and suspensions change in the clouds, planned by the real plugins: nothing is ever replaced."""

import datetime
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.rehearsal_app import synthesise
from comparison.estate import deploy
from estate.rehearsal import Rehearsal
from preview.changes import Action, Change
from preview.changes import changes as changes_of
from simulator import SimulatedProviders
from stacks.app import build_app
from stacks.environments import load_settings
from stacks.settings import LEASE_LABEL, GithubSettings, Settings, Suspended
from terraform_cli.call import terraform
from tests.e2e.conftest import Proof

END = datetime.datetime(2126, 11, 22, 18, tzinfo=datetime.UTC)
GITHUB = GithubSettings(repository="acme/models", repository_id=821093847, repository_owner_id=5544123)
RECORD = Suspended(on=datetime.date(2026, 11, 22), by="ada")
LEASE = re.compile(rf"(.+\.)?(labels|effective_labels|terraform_labels|resource_labels|tags)[.\[]{LEASE_LABEL}\]?")
POOL = "google_container_node_pool"


class Deployed:
    """An environment in a simulated world, where the real plugins plan."""

    def __init__(self, name: str, folder: Path, providers: SimulatedProviders) -> None:
        self.rehearsal = Rehearsal(name, folder)
        self.settings: Settings = load_settings(name).model_copy(update={"github": GITHUB})
        self._variables = providers.environment
        self.rehearsal.states.mkdir(parents=True)
        self.write(self.settings)
        deploy(self.rehearsal, self._variables)

    def write(self, settings: Settings) -> None:
        app = build_app(settings, outdir=str(self.rehearsal.output))
        synthesise(app, world=self.rehearsal.world, states=self.rehearsal.states)

    def plans(self, **changes: object) -> Iterator[Change]:
        """Every change of a managed resource in any stack, with these settings instead of the deployed ones."""
        self.write(self.settings.model_copy(update=changes))
        for stack in self.rehearsal.stacks():
            folder = self.rehearsal.output / "stacks" / stack
            terraform(folder, self._variables, "plan", "-input=false", "-out=tfplan")
            yield from changes_of(stack, json.loads(terraform(folder, self._variables, "show", "-json", "tfplan")))

    def apply(self, stack: str) -> None:
        folder = self.rehearsal.output / "stacks" / stack
        terraform(folder, self._variables, "apply", "-auto-approve", "-input=false")


@pytest.fixture(scope="module", params=["gke-dev", "aks-dev"])
def deployed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, plugins: Path
) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp(request.param)
    with SimulatedProviders(folder / "world", [plugins]) as providers:
        yield Deployed(request.param, folder, providers)


def test_a_lease_changes_labels_in_place_and_nothing_else(deployed: Deployed, proof: Proof) -> None:
    before = list(deployed.plans())
    assert before == []

    found = list(deployed.plans(expires_at=END))

    assert {each.action for each in found} == {Action.UPDATE}
    assert {leaf.path for each in found for leaf in each.leaves if not LEASE.fullmatch(leaf.path)} == set()
    assert len(found) > 4
    kinds = sorted({each.type for each in found})
    proof(f"{deployed.settings.name}: a lease is an update in place of {len(found)} resources: {', '.join(kinds)}")


def test_nodes_go_and_come_in_place_and_nothing_else_changes(deployed: Deployed, proof: Proof) -> None:
    if deployed.settings.cloud != "gke":
        assert list(deployed.plans(suspended=RECORD)) == []
        return
    (gone,) = deployed.plans(suspended=RECORD)
    assert (gone.type, gone.action) == (POOL, Action.UPDATE)
    assert (gone.after["node_count"], gone.after["autoscaling"]) == (0, [])

    deployed.apply(gone.stack)
    assert list(deployed.plans(suspended=RECORD)) == []

    (back,) = deployed.plans()
    assert (back.type, back.action) == (POOL, Action.UPDATE)
    assert back.after["autoscaling"][0]["total_max_node_count"] == 6
    deployed.apply(back.stack)
    assert list(deployed.plans()) == []
    proof("a GKE pool goes to no nodes without autoscaler and back by updates in place; plans are empty in between")
