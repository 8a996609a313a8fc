"""A preview of one environment against its real state: with the caller's own identity, and without a lock."""

import json
import shutil
from collections.abc import Collection
from pathlib import Path

from estate.in_order import in_order
from estate.stacks import Configuration, Stack, upstream
from preview.changes import Plan
from preview.outcome import EnvironmentPreview
from preview.recording import Recorder
from preview.redaction import Redactor
from preview.sides import Sides
from preview.simulation import without_prevent_destroy
from stacks.paths import ROOT
from terraform_cli.call import TerraformError, terraform

_NOT_HERE = "its state is a file on the machine of whoever deployed it, until `modelyard state move` moves it"
PLANS_BY = "the plans are those of the real providers, against the real state"


def preview(name: str, sides: Sides, folder: Path, redactor: Redactor, *, every_stack: bool) -> EnvironmentPreview:
    """Plans against what is deployed; nothing is written anywhere but in `folder`.

    Args:
        name: The environment's.
        sides: Its stacks.
        folder: Where to work; empty.
        redactor: Learns what must not be shown.
        every_stack: Whether those that do not differ are planned, too.
    """
    recorder = Recorder(sides, redactor, frozenset())
    found = recorder.difference
    wanted = sorted(sides.head) if every_stack else sorted({*found.planned, *found.moved})
    stopped = _in_stopped_cluster(sides)
    wanted = [each for each in wanted if each not in stopped]
    for id_ in wanted:
        recorder.begin(id_, has_base=not every_stack)
    _plan(
        _Deployed(folder, has_store=any("local" not in each.backend for each in sides.head.values())), recorder, wanted
    )
    for id_ in found.removed:
        recorder.left_behind(id_)
    stacks = [stack for stack in recorder.in_order() if stack.has_changes or stack.drift]
    here = {stack.id for stack in stacks} & sides.head.keys()
    plans_by = f"{PLANS_BY}, without what is in the cluster, which is suspended" if stopped else PLANS_BY
    return EnvironmentPreview(name, plans_by=plans_by, stacks=stacks, unchanged=len(sides.head) - len(here))


def _in_stopped_cluster(sides: Sides) -> set[str]:
    """The stacks of services and add-ons while nobody can be asked about them: AKS stops the API server as well."""
    if sides.settings.suspended is None or sides.settings.cloud != "aks":
        return set()
    return {id_ for id_, stack in sides.head.items() if "kubernetes" in stack.configuration.get("provider", {})}


def _plan(deployed: "_Deployed", recorder: Recorder, wanted: Collection[str]) -> None:
    head = recorder.sides.head

    def plan(id_: str) -> None:
        if recorder.is_without_cluster(id_):
            return
        if deployed.is_out_of_reach(head[id_]):
            recorder.out_of_reach(id_, _NOT_HERE)
            return
        try:
            recorder.planned(id_, deployed.plan(head[id_]))
        except TerraformError as error:
            below = sorted(upstream(head, [id_]).difference(wanted))
            missing = [each for each in below if not deployed.exists(head[each])]
            if missing:
                recorder.not_plannable(id_, missing)
            else:
                recorder.not_planned(id_, error)

    in_order(head, wanted, plan)


class _Deployed:
    """What is deployed, asked through Terraform."""

    def __init__(self, folder: Path, *, has_store: bool) -> None:
        self._folder = folder
        self._has_store = has_store

    def plan(self, stack: Stack) -> Plan:
        """What a deploy would do; raises TerraformError."""
        folder = self._prepared(stack)
        terraform(folder, {}, "plan", "-input=false", "-lock=false", "-out=tfplan")
        plan: Plan = json.loads(terraform(folder, {}, "show", "-json", "tfplan"))
        return plan

    def exists(self, stack: Stack) -> bool:
        """Whether its state holds anything that this identity may see."""
        try:
            return bool(terraform(self._prepared(stack), {}, "state", "list").strip())
        except TerraformError:
            return False

    def is_out_of_reach(self, stack: Stack) -> bool:
        """Whether its state is a file that is not here, while others of its environment are in a store."""
        path = _local_state(stack)
        return self._has_store and path is not None and not path.is_file()

    def _prepared(self, stack: Stack) -> Path:
        folder = self._folder / stack.id
        if not folder.exists():
            shutil.copytree(stack.folder, folder)
            (folder / "cdk.tf.json").write_text(json.dumps(_configuration(stack)))
            terraform(folder, {}, "init", "-input=false")
        return folder


def _configuration(stack: Stack) -> Configuration:
    content = without_prevent_destroy(stack.configuration)
    if path := _local_state(stack):
        content["terraform"]["backend"]["local"]["path"] = str(path)
    return content


def _local_state(stack: Stack) -> Path | None:
    """The file of a state that is kept in one; its path is seen from the folder of the synthesised stack."""
    local = stack.backend.get("local")
    return (ROOT / "cdktf.out" / "stacks" / stack.id / local["path"]).resolve() if local else None
